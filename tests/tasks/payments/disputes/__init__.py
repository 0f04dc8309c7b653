"""Disputes: what follows from them, in any order, and what we answer."""
