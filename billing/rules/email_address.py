"""Mail addresses are stored and matched in one form (SEC-10)."""

from __future__ import annotations


def normalised(address: str) -> str | None:
    """Trimmed and lower-cased; None when nothing is left. Done in Python, because databases differ beyond ASCII."""
    return address.strip().lower() or None
