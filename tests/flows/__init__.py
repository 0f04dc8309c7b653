"""Whole ways, from a signed request to the rows, through real processes."""
