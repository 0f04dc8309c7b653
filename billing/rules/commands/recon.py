"""Commands about reconciliation (RECON-8): compare with a provider, and what to do about what was found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from billing.rules.commands.base import Command, line
from billing.rules.commands.payments import Purpose

_UNKNOWN = {"unknown_finding": "no run has found that at this provider"}
Source = Literal["stripe", "paypal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconAsked:
    """The run is asked for; the scheduled run takes it up within minutes, and its row says how far it is."""

    run: str
    """Bursar's reference of the run."""
    status: str
    """`asked`, `running`, `done` or `abandoned`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecon(Command):
    """Compares a provider's records with Bursar's, both ways, and explains each payout."""

    NAME: ClassVar[str] = "billing.recon.run.v1"
    RESULT: ClassVar[type] = ReconAsked
    REFUSALS: ClassVar[Mapping[str, str]] = {
        "nothing_to_compare": "that provider lists none of these objects; `details.limit` names those that it does"
    }

    source: Source
    """The provider."""
    since: datetime
    """Objects that the provider made from here on."""
    until: datetime
    """Up to here. What is younger than a quarter of an hour (PayPal: 3 hours) is left out: it is on its way."""
    objects: tuple[str, ...] = ()
    """Kinds of objects (`charge`, `refund`, ...); empty: all that the provider lists."""
    reason: str
    """Why, for the audit."""

    def __post_init__(self) -> None:
        line(self.reason, "reason")
        if self.since.tzinfo is None or self.until.tzinfo is None or self.since >= self.until:
            raise ValueError("since and until must be instants with an offset, since before until")


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingSettled:
    """What became of the finding."""

    finding: str
    """Its reference."""
    status: str
    """`open` until a run no longer sees it, or `accepted`."""
    repair: str
    """What was asked for: `fetch`, `book` or `recount`, or what was chosen; `none` for a finding that was accepted."""
    request: str | None = None
    """What carries out what was chosen: `<kind>:<reference>`, such as `refund_request:REF-20260301-7K3M9QXA`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairFinding(Command):
    """Mends what a run found. Without `how` no money moves: the object is read at the provider again, and its facts take their
    way. What only a person can decide names its possible repairs; each is done as if it had been asked for by itself."""

    NAME: ClassVar[str] = "billing.recon.repair.v1"
    RESULT: ClassVar[type] = FindingSettled
    REFUSALS: ClassVar[Mapping[str, str]] = {
        **_UNKNOWN,
        "not_open": "the finding is not open; `details.current` says what it is",
        "needs_decision": "nothing can be mended by itself here: choose one of `details.limit`, or accept it with a reason",
        "no_such_repair": "this finding has no such repair; `details.limit` names those that it has",
        "chosen_already": "`details.current` was chosen before, and stands",
        "cannot_repair": "what was chosen is not possible; `details.current` says why",
        "unknown_customer": "the customer is not known at this provider, or is needed and not named",
        "nothing_missing": "the journal has all that was booked: repair it without `how`",
    }

    source: Source
    """The provider."""
    finding: str
    """The finding's reference: `<kind>:<object type>:<object>`."""
    reason: str
    """Why, for the audit."""
    how: Literal["adopt", "refund", "reverse", "owe", "book", "write_off", "repost"] | None = None
    """What a person chose; null: what needs no choice."""
    customer_ref: str | None = None
    """With `adopt`: the provider's id of the customer whose money it is."""
    purpose: Purpose | None = None
    """With `adopt`: what the customer gets for it; null: it pays for nothing yet."""
    purpose_ref: str | None = None
    """With `purpose`: the app's id of what it is for."""

    def __post_init__(self) -> None:
        line(self.finding, "finding")
        line(self.reason, "reason")
        for name in ("customer_ref", "purpose", "purpose_ref"):
            if getattr(self, name) is not None and self.how != "adopt":
                raise ValueError(f"{name} is said of money that is adopted")
        if self.purpose_ref is not None and self.purpose is None:
            raise ValueError("purpose_ref needs a purpose")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The finding."""
        yield "finding", self.source, self.finding


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptFinding(Command):
    """Lets a finding stand, for a stated reason; it is open again when its amounts change."""

    NAME: ClassVar[str] = "billing.recon.accept.v1"
    RESULT: ClassVar[type] = FindingSettled
    REFUSALS: ClassVar[Mapping[str, str]] = {
        **_UNKNOWN,
        "not_open": "the finding is not open; `details.current` says what it is",
    }

    source: Source
    """The provider."""
    finding: str
    """The finding's reference: `<kind>:<object type>:<object>`."""
    reason: str
    """Why, for the audit."""

    def __post_init__(self) -> None:
        line(self.finding, "finding")
        line(self.reason, "reason")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The finding."""
        yield "finding", self.source, self.finding
