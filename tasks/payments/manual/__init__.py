"""Confirmations by our own people."""
