"""Tests of VIES: numbers, client, answers."""
