"""Commands about who belongs to an organisation (SEAT-1)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from billing.rules.commands.base import Command, line

OWN = "bursar"
_ID = re.compile(r"[\x21-\x7e]{1,120}")
_ROLE = re.compile(r"[a-z][a-z0-9_]{0,63}")
MOST_COURSES = 1_000

NO_SEAT = {"seat_limit_reached": "all seats are taken (`details.current`, `details.limit`)"}
GONE = {"organisation_deleted": "the organisation was deleted"}


def app_id(value: str, name: str) -> str:
    """`value`, if it can be an organisation's or a user's id.

    Raises:
        ValueError: it is not 1 to 120 visible ASCII characters without blanks.
    """
    if not _ID.fullmatch(value):
        raise ValueError(f"{name} must be 1 to 120 visible ASCII characters without blanks")
    return value


def role_name(value: str) -> str:
    """`value`, if it can be a role's name.

    Raises:
        ValueError: it is not.
    """
    if not _ROLE.fullmatch(value):
        raise ValueError("role must be 1 to 64 small letters, digits and _, beginning with a letter")
    return value


def course_list(courses: tuple[str, ...]) -> None:
    """Raises ValueError for what are no courses."""
    if len(courses) > MOST_COURSES:
        raise ValueError(f"courses must be {MOST_COURSES} at most")
    for one in courses:
        line(one, "courses")


def instant(at: datetime, name: str = "at") -> None:
    """Raises ValueError for an instant without its offset."""
    if at.tzinfo is None:
        raise ValueError(f"{name} must have an offset, such as Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class MembershipStands:
    """How the membership and its organisation stand."""

    organisation: str
    """The app's id of the organisation."""
    user: str
    """The app's id of the user."""
    status: str
    """`active` or `left`."""
    role: str | None
    """His role, or the last one that he had."""
    seat: bool
    """Whether he has a seat that is paid for."""
    stale: bool
    """Whether something newer was known, so that this changed nothing."""
    seats_taken: int
    """Seats of the organisation that members have."""
    seats_reserved: int
    """Seats that are kept for invitations."""
    seat_limit: int | None
    """How many there may be; null: no limit."""
    ending: list[str]
    """Paid plans of his own that end with their period because of this seat, as `<source> <reference>`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MembershipChanged(Command):
    """Says how a membership is since `at`: facts may come in any order and more than once, the newest counts. Seats follow from
    the roles, and what the provider bills follows from the seats. Whoever is not known yet becomes a subscriber with nothing of
    his own."""

    NAME: ClassVar[str] = "billing.memberships.changed.v1"
    RESULT: ClassVar[type] = MembershipStands
    REFUSALS: ClassVar[Mapping[str, str]] = {
        "unknown_organisation": "nobody was defined under `organisation_ref` (`subscribers.define`)",
        **GONE,
        **NO_SEAT,
    }

    organisation_ref: str
    """The app's id of the organisation."""
    user_ref: str
    """The app's id of the user."""
    change: Literal["added", "removed", "role_changed"]
    """What happened."""
    at: datetime
    """When, by the app's clock; of one instant, a removal counts before the others."""
    role: str | None = None
    """His role from now on; needed unless he is removed. `organizer` and `course_manager` take a seat."""
    courses: tuple[str, ...] = ()
    """Courses that are assigned to him; the whole list."""
    reason: str | None = None
    """Why, for the audit."""

    def __post_init__(self) -> None:
        app_id(self.organisation_ref, "organisation_ref")
        app_id(self.user_ref, "user_ref")
        instant(self.at)
        if self.change != "removed" and self.role is None:
            raise ValueError("role must be given unless he is removed")
        if self.role is not None:
            role_name(self.role)
        course_list(self.courses)
        if self.reason is not None:
            line(self.reason, "reason")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """Both subscribers, the organisation and the membership."""
        yield from member_rows(self.organisation_ref, self.user_ref)


def member_rows(organisation_ref: str, user_ref: str) -> Iterator[tuple[str, str, str]]:
    """What everything about a membership locks."""
    yield "subscriber", OWN, organisation_ref
    yield "subscriber", OWN, user_ref
    yield "organisation", OWN, organisation_ref
    yield "membership", OWN, f"{organisation_ref} {user_ref}"
