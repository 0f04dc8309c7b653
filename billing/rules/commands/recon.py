"""Commands about reconciliation (RECON-8): compare with a provider, and what to do about what was found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from billing.rules.commands.base import Command, line

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
    """Up to here. What is younger than a quarter of an hour is left out: its events are on their way."""
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
    """What was asked for: `fetch`, `book` or `recount`; `none` for a finding that was accepted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairFinding(Command):
    """Mends what a run found, without moving money: the object is read at the provider again, and its facts take their way."""

    NAME: ClassVar[str] = "billing.recon.repair.v1"
    RESULT: ClassVar[type] = FindingSettled
    REFUSALS: ClassVar[Mapping[str, str]] = {
        **_UNKNOWN,
        "not_open": "the finding is not open; `details.current` says what it is",
        "needs_decision": "nothing can be mended by itself here: accept it with a reason, or undo it by a command of its own",
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
