"""Commands about reconciliation: compare with a provider, and settle what was found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from bursar_client.command import Command

Purpose = Literal["subscription", "course_enrolment", "credit_package", "event_registration", "invoice"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecon(Command):
    """Compares a provider's records with Bursar's, both ways, and explains each payout.

    Result: `run`, `status`; the run itself follows within minutes.
    Rejected as `nothing_to_compare` when the provider lists none of these objects in that time.
    """

    NAME: ClassVar[str] = "billing.recon.run.v1"
    QUEUE: ClassVar[str] = "maintenance"

    source: Literal["stripe", "paypal"]
    """The provider."""
    since: datetime
    """Objects that the provider made from here on."""
    until: datetime
    """Up to here. What is younger than a quarter of an hour (PayPal: 3 hours) is left out: it is on its way."""
    objects: tuple[str, ...] = ()
    """Kinds of objects (`charge`, `refund`, ...); empty: all that the provider lists."""
    reason: str
    """Why, for the audit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairFinding(Command):
    """Mends what a run found. Without `how` no money moves: the object is read at the provider again, and its facts take their way.

    Result: `finding`, `status`, `repair`, `request`.
    Rejected as `unknown_finding`, `not_open`, `needs_decision`, `no_such_repair`, `chosen_already`, `cannot_repair`,
    `unknown_customer`, `nothing_missing`.
    """

    NAME: ClassVar[str] = "billing.recon.repair.v1"
    QUEUE: ClassVar[str] = "maintenance"

    source: Literal["stripe", "paypal"]
    """The provider."""
    finding: str
    """The finding's reference: `<kind>:<object type>:<object>`."""
    reason: str
    """Why, for the audit."""
    how: Literal["adopt", "refund", "reverse", "owe", "book", "write_off", "repost"] | None = None
    """What a person chose; None: what needs no choice."""
    customer_ref: str | None = None
    """With `adopt`: the provider's id of the customer whose money it is."""
    purpose: Purpose | None = None
    """With `adopt`: what the customer gets for it; None: it pays for nothing yet."""
    purpose_ref: str | None = None
    """With `purpose`: the app's id of what it is for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptFinding(Command):
    """Lets a finding stand, for a stated reason; it is open again when its amounts change.

    Result: `finding`, `status`, `repair` (`none`), `request` (null).
    Rejected as `unknown_finding`, `not_open`.
    """

    NAME: ClassVar[str] = "billing.recon.accept.v1"
    QUEUE: ClassVar[str] = "maintenance"

    source: Literal["stripe", "paypal"]
    """The provider."""
    finding: str
    """The finding's reference: `<kind>:<object type>:<object>`."""
    reason: str
    """Why, for the audit."""


TYPED: tuple[type[Command], ...] = (RunRecon, RepairFinding, AcceptFinding)
"""All of this module."""
