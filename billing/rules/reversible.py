"""How much of a transfer can still be taken back: one rule for what the provider says and what we have asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Reversals = Mapping[str, Mapping[str, Any]]
"""Request's reference -> {"amount_minor": int, "status": str}, as stored with the transfer."""


def reversed_minor(said_minor: int | None, ours: Reversals) -> int:
    """What is surely back: the greater of what the provider said (others may reverse, too) and what it did for us."""
    made: int = sum(one["amount_minor"] for one in ours.values() if one["status"] == "made")
    return max(said_minor or 0, made)


def reversible_minor(amount_minor: int | None, said_minor: int | None, ours: Reversals) -> int:
    """What may still be asked for, in the transfer's minor units: never below zero; what is under way counts as gone."""
    under_way: int = sum(one["amount_minor"] for one in ours.values() if one["status"] == "requested")
    return max(0, (amount_minor or 0) - reversed_minor(said_minor, ours) - under_way)
