"""Commands about invitations into an organisation (SEAT-5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from billing.rules.commands.base import Command, line
from billing.rules.commands.memberships import (
    GONE,
    NO_SEAT,
    MembershipStands,
    app_id,
    course_list,
    instant,
    member_rows,
    role_name,
)
from billing.rules.commands.payments import reference

OWN = "bursar"
MOST_DAYS = 365
_UNKNOWN = {"unknown_invitation": "the organisation has no invitation of this reference"}


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationStands:
    """How the invitation stands."""

    invitation: str
    """Bursar's public id of it."""
    reference: str
    """The app's own reference of it."""
    status: str
    """`pending`, `accepted`, `expired` or `cancelled`."""
    reserves: bool
    """Whether a seat is kept for it."""
    expires_at: str | None
    """ISO 8601."""
    seats_taken: int
    """Seats of the organisation that members have."""
    seats_reserved: int
    """Seats that are kept for invitations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateInvitation(Command):
    """Invites somebody. If the organisation's policy says so and the role takes a seat, one is kept until the invitation is accepted,
    cancelled or expired. The same reference again is the same invitation."""

    NAME: ClassVar[str] = "billing.invitations.create.v1"
    RESULT: ClassVar[type] = InvitationStands
    REFUSALS: ClassVar[Mapping[str, str]] = {
        "unknown_organisation": "nobody was defined under `organisation_ref` (`subscribers.define`)",
        **GONE,
        **NO_SEAT,
    }

    organisation_ref: str
    """The app's id of the organisation."""
    reference: str
    """The app's own name for the invitation: 1 to 80 letters, digits and `. _ : / -`."""
    role: str
    """The role that he is invited to."""
    courses: tuple[str, ...] = ()
    """Courses that will be assigned to him."""
    expires_in_days: int | None = None
    """1 to 365; null: as the organisation's policy says, 7 at first."""
    reason: str | None = None
    """Why, for the audit."""

    def __post_init__(self) -> None:
        app_id(self.organisation_ref, "organisation_ref")
        reference(self.reference)
        role_name(self.role)
        course_list(self.courses)
        if self.expires_in_days is not None and not 1 <= self.expires_in_days <= MOST_DAYS:
            raise ValueError(f"expires_in_days must be 1 to {MOST_DAYS}")
        if self.reason is not None:
            line(self.reason, "reason")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """Subscriber, organisation and invitation."""
        yield from _rows(self.organisation_ref, self.reference)


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptInvitation(Command):
    """The invitation was accepted: he is a member since `at`, in its role, and has the seat that was kept. Accepted again by him, it
    is accepted already."""

    NAME: ClassVar[str] = "billing.invitations.accept.v1"
    RESULT: ClassVar[type] = MembershipStands
    REFUSALS: ClassVar[Mapping[str, str]] = {
        **_UNKNOWN,
        "invitation_not_pending": "it was cancelled, has expired, or somebody else accepted it (`details.current`)",
        **GONE,
        **NO_SEAT,
    }

    organisation_ref: str
    """The app's id of the organisation."""
    reference: str
    """The invitation's reference."""
    user_ref: str
    """Who accepted it, by the app's id."""
    at: datetime
    """When, by the app's clock."""

    def __post_init__(self) -> None:
        app_id(self.organisation_ref, "organisation_ref")
        app_id(self.user_ref, "user_ref")
        reference(self.reference)
        instant(self.at)

    def references(self) -> Iterator[tuple[str, str, str]]:
        """All of the membership, and the invitation."""
        yield from member_rows(self.organisation_ref, self.user_ref)
        yield "invitation", OWN, f"{self.organisation_ref} {self.reference}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelInvitation(Command):
    """Takes an invitation back; a seat that was kept for it is free again. What has ended stays as it is."""

    NAME: ClassVar[str] = "billing.invitations.cancel.v1"
    RESULT: ClassVar[type] = InvitationStands
    REFUSALS: ClassVar[Mapping[str, str]] = {**_UNKNOWN, "already_accepted": "he is a member by now; remove the member instead"}

    organisation_ref: str
    """The app's id of the organisation."""
    reference: str
    """The invitation's reference."""
    reason: str | None = None
    """Why, for the audit."""

    def __post_init__(self) -> None:
        app_id(self.organisation_ref, "organisation_ref")
        reference(self.reference)
        if self.reason is not None:
            line(self.reason, "reason")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """Subscriber, organisation and invitation."""
        yield from _rows(self.organisation_ref, self.reference)


def _rows(organisation_ref: str, name: str) -> Iterator[tuple[str, str, str]]:
    yield "subscriber", OWN, organisation_ref
    yield "organisation", OWN, organisation_ref
    yield "invitation", OWN, f"{organisation_ref} {name}"
