"""VIES: questions about VAT numbers, and what becomes of its answers."""
