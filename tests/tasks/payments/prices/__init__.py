"""Prices over time: versions, notices, kept and agreed prices, moves in batches."""
