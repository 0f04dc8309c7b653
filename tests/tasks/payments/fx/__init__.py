"""Rates of exchange that are fetched."""
