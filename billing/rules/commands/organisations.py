"""Commands about organisations: what they want of their seats, and their end (SEAT-2, SEAT-5, SEAT-7)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from billing.rules.commands.base import Command, line
from billing.rules.commands.memberships import GONE, app_id

OWN = "bursar"
MOST_WINDOW_S = 86_400
_UNKNOWN = {"unknown_organisation": "nobody was defined under `organisation_ref` (`subscribers.define`)"}
_ACCOUNT = re.compile(r"(stripe|paypal) [\x21-\x7e]{1,255}")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationStands:
    """The organisation's policy and seats."""

    organisation: str
    """Bursar's public id of it."""
    organisation_ref: str
    """The app's own id."""
    status: str
    """`active` or `deleted`."""
    seats_taken: int
    """Seats that members have."""
    seats_reserved: int
    """Seats that are kept for invitations."""
    seat_limit: int | None
    """How many there may be; null: no limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetOrganisationPolicy(Command):
    """Sets how an organisation's seats are counted and billed, as a whole. It need not be: the defaults are what most want."""

    NAME: ClassVar[str] = "billing.organisations.set_policy.v1"
    RESULT: ClassVar[type] = OrganisationStands
    REFUSALS: ClassVar[Mapping[str, str]] = {**_UNKNOWN, **GONE}

    organisation_ref: str
    """The app's id of the organisation."""
    quantity_mode: Literal["follow", "bought"] = "follow"
    """`follow`: the subscription's quantity follows the seats that are taken, up to the plan's limit `seats`. `bought`: seats are
    bought by `subscriptions.change`, and there are no more than were bought."""
    proration: Literal["accrue", "charge"] | None = None
    """What a seat within a period costs goes on the next invoice, or is charged at once; null: as the plan says, else `accrue`."""
    invitations_reserve: bool = False
    """Whether a pending invitation keeps a seat."""
    invitation_days: int = 7
    """How long an invitation is good, 1 to 365."""
    window_s: int = 60
    """Changes within so many seconds of the first become one new quantity, 0 to 86400."""
    reason: str | None = None
    """Why, for the audit."""

    def __post_init__(self) -> None:
        app_id(self.organisation_ref, "organisation_ref")
        if not 1 <= self.invitation_days <= 365:
            raise ValueError("invitation_days must be 1 to 365")
        if not 0 <= self.window_s <= MOST_WINDOW_S:
            raise ValueError(f"window_s must be 0 to {MOST_WINDOW_S}")
        if self.reason is not None:
            line(self.reason, "reason")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """Subscriber and organisation."""
        yield "subscriber", OWN, self.organisation_ref
        yield "organisation", OWN, self.organisation_ref


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationDeleted:
    """What came of the deletion, and what the app is to do."""

    organisation_ref: str
    """The app's own id."""
    ended: list[str]
    """Subscriptions that ended or that their provider was asked to end, as `<source> <reference>`."""
    final_invoices: list[str]
    """Invoices for seats that were not billed yet."""
    held_accounts: list[str]
    """Accounts whose payouts wait until open refunds are settled, as `<source> <account>`."""
    members_left: int
    """Memberships that ended."""
    assets: str
    """What the app is to do with courses, events and files: `archive` or `transfer`."""
    assets_to: str | None
    """To whom they are transferred."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteOrganisation(Command):
    """Deletes an organisation for good: members lose access at once, its subscriptions end, seats that were not billed yet are, and
    payouts of its accounts are held until open refunds are settled. Deleted again, it is deleted already."""

    NAME: ClassVar[str] = "billing.organisations.delete.v1"
    RESULT: ClassVar[type] = OrganisationDeleted
    REFUSALS: ClassVar[Mapping[str, str]] = _UNKNOWN

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

    def __post_init__(self) -> None:
        app_id(self.organisation_ref, "organisation_ref")
        line(self.reason, "reason")
        if (self.assets == "transfer") != (self.assets_to is not None):
            raise ValueError("assets_to must be given for `transfer`, and only for it")
        if self.assets_to is not None:
            app_id(self.assets_to, "assets_to")
        if len(self.accounts) > 20 or any(not _ACCOUNT.fullmatch(one) for one in self.accounts):
            raise ValueError("accounts must be 20 at most, each `<source> <account>`")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """Subscriber and organisation; its members and subscriptions are found under their locks."""
        yield "subscriber", OWN, self.organisation_ref
        for one in self.accounts:
            source, account = one.split(" ", 1)
            yield "account", source, account
            yield "payee", source, account
        yield "organisation", OWN, self.organisation_ref
