"""The commands that this client has classes for, by their contracts (contracts/*.schema.json)."""

from __future__ import annotations

NAMES: frozenset[str] = frozenset()
"""Names of them all."""
