"""Tests of the machine, on real PostgreSQL."""
