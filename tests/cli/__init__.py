"""Tests of the command line, the embedded services and the supervisor."""
