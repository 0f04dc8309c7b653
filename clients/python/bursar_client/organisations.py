"""Commands about organisations: members, invitations, seats."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from bursar_client.command import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class MembershipChanged(Command):
    """Says how a membership is since `at`: facts may come in any order and more than once, the newest counts. Seats
    follow from the roles, and what the provider bills follows from the seats. Whoever is not known yet becomes a
    subscriber with nothing of his own.

    Result: `organisation`, `user`, `status`, `role`, `seat`, `stale`, `seats_taken`, `seats_reserved`, `seat_limit`,
    `ending`.
    Rejected as `unknown_organisation`, `organisation_deleted`, `seat_limit_reached`.
    """

    NAME: ClassVar[str] = "billing.memberships.changed.v1"
    QUEUE: ClassVar[str] = "payments"

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


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateInvitation(Command):
    """Invites somebody. If the organisation's policy says so and the role takes a seat, one is kept until the
    invitation is accepted, cancelled or expired. The same reference again is the same invitation.

    Result: `invitation`, `reference`, `status`, `reserves`, `expires_at`, `seats_taken`, `seats_reserved`.
    Rejected as `unknown_organisation`, `organisation_deleted`, `seat_limit_reached`.
    """

    NAME: ClassVar[str] = "billing.invitations.create.v1"
    QUEUE: ClassVar[str] = "payments"

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


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptInvitation(Command):
    """The invitation was accepted: he is a member since `at`, in its role, and has the seat that was kept. Accepted
    again by him, it is accepted already.

    Result: `organisation`, `user`, `status`, `role`, `seat`, `stale`, `seats_taken`, `seats_reserved`, `seat_limit`,
    `ending`.
    Rejected as `unknown_invitation`, `invitation_not_pending`, `organisation_deleted`, `seat_limit_reached`.
    """

    NAME: ClassVar[str] = "billing.invitations.accept.v1"
    QUEUE: ClassVar[str] = "payments"

    organisation_ref: str
    """The app's id of the organisation."""
    reference: str
    """The invitation's reference."""
    user_ref: str
    """Who accepted it, by the app's id."""
    at: datetime
    """When, by the app's clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelInvitation(Command):
    """Takes an invitation back; a seat that was kept for it is free again. What has ended stays as it is.

    Result: `invitation`, `reference`, `status`, `reserves`, `expires_at`, `seats_taken`, `seats_reserved`.
    Rejected as `unknown_invitation`, `already_accepted`.
    """

    NAME: ClassVar[str] = "billing.invitations.cancel.v1"
    QUEUE: ClassVar[str] = "payments"

    organisation_ref: str
    """The app's id of the organisation."""
    reference: str
    """The invitation's reference."""
    reason: str | None = None
    """Why, for the audit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetOrganisationPolicy(Command):
    """Sets how an organisation's seats are counted and billed, as a whole. It need not be: the defaults are what most
    want.

    Result: `organisation`, `organisation_ref`, `status`, `seats_taken`, `seats_reserved`, `seat_limit`.
    Rejected as `unknown_organisation`, `organisation_deleted`.
    """

    NAME: ClassVar[str] = "billing.organisations.set_policy.v1"
    QUEUE: ClassVar[str] = "payments"

    organisation_ref: str
    """The app's id of the organisation."""
    quantity_mode: Literal["follow", "bought"] = "follow"
    """`follow`: the subscription's quantity follows the seats that are taken, up to the plan's limit `seats`. `bought`:
    seats are bought by `subscriptions.change`, and there are no more than were bought."""
    proration: Literal["accrue", "charge"] | None = None
    """What a seat within a period costs goes on the next invoice, or is charged at once; null: as the plan says, else
    `accrue`."""
    invitations_reserve: bool = False
    """Whether a pending invitation keeps a seat."""
    invitation_days: int = 7
    """How long an invitation is good, 1 to 365."""
    window_s: int = 60
    """Changes within so many seconds of the first become one new quantity, 0 to 86400."""
    reason: str | None = None
    """Why, for the audit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteOrganisation(Command):
    """Deletes an organisation for good: members lose access at once, its subscriptions end, seats that were not billed
    yet are, and payouts of its accounts are held until open refunds are settled. Deleted again, it is deleted
    already.

    Result: `organisation_ref`, `ended`, `final_invoices`, `held_accounts`, `members_left`, `assets`, `assets_to`.
    Rejected as `unknown_organisation`.
    """

    NAME: ClassVar[str] = "billing.organisations.delete.v1"
    QUEUE: ClassVar[str] = "payments"

    organisation_ref: str
    """The app's id of the organisation."""
    reason: str
    """Why, for the audit."""
    assets: Literal["archive", "transfer"] = "archive"
    """What becomes of courses, events and files."""
    assets_to: str | None = None
    """Of `transfer`: the app's id of who gets them."""
    accounts: tuple[str, ...] = ()
    """Its accounts that are paid out, as `<source> <account>`, such as `stripe acct_1`."""


TYPED: tuple[type[Command], ...] = (
    MembershipChanged,
    CreateInvitation,
    AcceptInvitation,
    CancelInvitation,
    SetOrganisationPolicy,
    DeleteOrganisation,
)
"""All of these."""
