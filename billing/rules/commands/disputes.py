"""Commands about disputes: what we answer to a payer's bank, and what our own people note."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from billing.rules.commands.base import Command, line
from billing.rules.commands.payments import reference
from billing.rules.evidence import check_evidence

_REF_LENGTH = 255
MOST_NOTE = 4000
_REFUSALS = {
    "dispute_unknown": "the provider never told of this dispute",
    "not_open": "the dispute takes no answer any more, or not now; `details.current` is its status",
    "too_late": "the deadline, `details.limit`, has passed",
    "already_answered": "another answer is on its way or was given; `details.current` is its reference",
    "reference_used": "the reference belongs to another answer",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeAnswered:
    """How the answer stands; `bursar_api.outcome(key)` tells how it goes on."""

    request: str
    """Bursar's public id of the answer."""
    reference: str
    """The app's own reference of it."""
    status: str
    """`requested` while the provider is told, then `made` or `failed`."""
    dispute_status: str
    """The dispute's status when this was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitEvidence(Command):
    """Sends evidence to the payer's bank, finally: banks take one answer, so say all in it (DISPUTE-3)."""

    NAME: ClassVar[str] = "billing.disputes.submit_evidence.v1"
    RESULT: ClassVar[type] = DisputeAnswered
    REFUSALS: ClassVar[Mapping[str, str]] = _REFUSALS

    source: Literal["stripe", "paypal"]
    """The provider."""
    dispute_ref: str
    """The provider's id of the dispute, such as `dp_...` or `PP-D-...`."""
    reference: str
    """The app's own name for this answer: 1 to 80 letters, digits and `. _ : / -`. The same again is the same answer."""
    evidence: dict[str, str]
    """Stripe's field of evidence -> its text, or the id of a file that the provider has. At PayPal the texts become one note."""
    reason: str = "the app answers the dispute"
    """Why, for people and the audit."""

    def __post_init__(self) -> None:
        _check(self.dispute_ref, self.reference, self.reason)
        check_evidence(self.evidence)

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The dispute, its case and the answer."""
        yield from _rows(self.source, self.dispute_ref, self.reference)


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptDispute(Command):
    """Accepts a dispute: it is lost, finally, and nothing is left to be argued."""

    NAME: ClassVar[str] = "billing.disputes.accept.v1"
    RESULT: ClassVar[type] = DisputeAnswered
    REFUSALS: ClassVar[Mapping[str, str]] = _REFUSALS

    source: Literal["stripe", "paypal"]
    """The provider."""
    dispute_ref: str
    """The provider's id of the dispute."""
    reference: str
    """The app's own name for this answer, as of evidence."""
    reason: str
    """Why, for people and the audit."""

    def __post_init__(self) -> None:
        _check(self.dispute_ref, self.reference, self.reason)

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The dispute, its case and the answer."""
        yield from _rows(self.source, self.dispute_ref, self.reference)


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeNoted:
    """What stands with the dispute now."""

    dispute: str
    """Bursar's public id of the dispute."""
    notes: int
    """How many notes it has."""
    assigned_to: str | None
    """Who cares for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteDispute(Command):
    """Keeps a note with a dispute, or says who cares for it. Nothing is told to the provider."""

    NAME: ClassVar[str] = "billing.disputes.note.v1"
    RESULT: ClassVar[type] = DisputeNoted
    REFUSALS: ClassVar[Mapping[str, str]] = {"dispute_unknown": "the provider never told of this dispute"}

    source: Literal["stripe", "paypal"]
    """The provider."""
    dispute_ref: str
    """The provider's id of the dispute."""
    text: str | None = None
    """The note, up to 4000 characters."""
    assign_to: str | None = None
    """Who cares for the dispute from now on; null: as before."""

    def __post_init__(self) -> None:
        _ref(self.dispute_ref)
        if self.text is None and self.assign_to is None:
            raise ValueError("text or assign_to is needed")
        if self.text is not None and not (len(self.text.strip()) > 0 and len(self.text) <= MOST_NOTE):
            raise ValueError(f"text must be 1 to {MOST_NOTE} characters")
        if self.assign_to is not None:
            line(self.assign_to, "assign_to")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The dispute and its case."""
        yield "dispute", self.source, self.dispute_ref
        yield "dispute_case", self.source, self.dispute_ref


def _check(dispute_ref: str, own: str, reason: str) -> None:
    _ref(dispute_ref)
    reference(own)
    line(reason, "reason")


def _ref(value: str) -> None:
    if not (value.isascii() and value.isprintable() and " " not in value and 0 < len(value) <= _REF_LENGTH):
        raise ValueError("dispute_ref must be the provider's id of a dispute")


def _rows(source: str, dispute_ref: str, own: str) -> Iterator[tuple[str, str, str]]:
    yield "dispute", source, dispute_ref
    yield "dispute_case", source, dispute_ref
    yield "dispute_response", source, own
