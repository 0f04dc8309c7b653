"""Which members need a seat, how many seats that makes, and which of two facts about a membership counts (SEAT-1, SEAT-4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

BILLABLE = frozenset({"course_manager", "organizer"})
"""SEAT-1: roles that the organisation pays for. All other roles are free, and nobody counts them."""

FEWEST = 1
"""A subscription has a seat, whoever belongs to the organisation: nothing is ever asked of a provider for a quantity of 0."""

_RANK: Mapping[str, int] = {"added": 0, "role_changed": 1, "removed": 2}


def needs_seat(role: str | None, *, active: bool = True) -> bool:
    """Whether a member of this role has a seat."""
    return active and role in BILLABLE


def wanted_quantity(taken: int) -> int:
    """What the subscription is to be set to: an absolute number, so that asking twice asks for the same."""
    return max(taken, FEWEST)


@dataclass(frozen=True, slots=True, order=True)
class Said:
    """When something was said of a membership; of two facts the greater one counts, in whatever order they come.

    Of facts of one instant the removal wins: access that was taken away must not come back by an accident of order.
    """

    at: datetime
    rank: int
    role: str
    courses: tuple[str, ...]

    @classmethod
    def of(cls, at: datetime, change: str, role: str | None, courses: Sequence[str]) -> Said:
        """Of a fact."""
        return cls(at, _RANK[change], role or "", tuple(courses))


def least(*limits: int | None) -> int | None:
    """The strictest of the limits; None: there is none."""
    known = [limit for limit in limits if limit is not None]
    return min(known) if known else None
