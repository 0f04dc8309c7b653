"""Commands about disputes: answers to a payer's bank, and notes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from bursar_client.command import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitEvidence(Command):
    """Sends evidence to the payer's bank, finally: banks take one answer, so say all in it.

    Result: `request` (Bursar's id of the answer), `reference`, `status`, `dispute_status`.
    Rejected as `dispute_unknown`, `not_open`, `too_late`, `already_answered`, or as `reference_used` when the reference is
    another answer's.
    """

    NAME: ClassVar[str] = "billing.disputes.submit_evidence.v1"
    QUEUE: ClassVar[str] = "payments"

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


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptDispute(Command):
    """Accepts a dispute: it is lost, finally, and nothing is left to be argued.

    Result: `request` (Bursar's id of the answer), `reference`, `status`, `dispute_status`.
    Rejected as `dispute_unknown`, `not_open`, `too_late`, `already_answered` or `reference_used`, as evidence is.
    """

    NAME: ClassVar[str] = "billing.disputes.accept.v1"
    QUEUE: ClassVar[str] = "payments"

    source: Literal["stripe", "paypal"]
    """The provider."""
    dispute_ref: str
    """The provider's id of the dispute."""
    reference: str
    """The app's own name for this answer, as of evidence."""
    reason: str
    """Why, for people and the audit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteDispute(Command):
    """Keeps a note with a dispute, or says who cares for it. Nothing is told to the provider.

    Result: `dispute` (Bursar's id), `notes` (how many), `assigned_to`.
    Rejected as `dispute_unknown` when the provider never told of it.
    """

    NAME: ClassVar[str] = "billing.disputes.note.v1"
    QUEUE: ClassVar[str] = "payments"

    source: Literal["stripe", "paypal"]
    """The provider."""
    dispute_ref: str
    """The provider's id of the dispute."""
    text: str | None = None
    """The note, up to 4000 characters."""
    assign_to: str | None = None
    """Who cares for the dispute from now on; null: as before."""


TYPED: tuple[type[Command], ...] = (SubmitEvidence, AcceptDispute, NoteDispute)
"""Those of this file."""
