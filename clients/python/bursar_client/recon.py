"""Commands about reconciliation: compare with a provider, and settle what was found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from bursar_client.command import Command


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
    """Up to here. What is younger than a quarter of an hour is left out: its events are on their way."""
    objects: tuple[str, ...] = ()
    """Kinds of objects (`charge`, `refund`, ...); empty: all that the provider lists."""
    reason: str
    """Why, for the audit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairFinding(Command):
    """Mends what a run found, without moving money: the object is read at the provider again, and its facts take their way.

    Result: `finding`, `status`, `repair`.
    Rejected as `unknown_finding`, `not_open`, `needs_decision`.
    """

    NAME: ClassVar[str] = "billing.recon.repair.v1"
    QUEUE: ClassVar[str] = "maintenance"

    source: Literal["stripe", "paypal"]
    """The provider."""
    finding: str
    """The finding's reference: `<kind>:<object type>:<object>`."""
    reason: str
    """Why, for the audit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptFinding(Command):
    """Lets a finding stand, for a stated reason; it is open again when its amounts change.

    Result: `finding`, `status`, `repair` (`none`).
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
