"""What reconciliation can find (RECON-1 to RECON-9), how bad it is, and what mends it without doing harm.

A repair never moves money by itself: it asks the provider for the object again, whose facts then take the way of every event
(merge by version, journal, audit). What only a person can decide is accepted with a reason, or undone by a command of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Severity = Literal["high", "medium", "low"]
Repair = Literal["fetch", "book", "recount", "decide"]
"""fetch: read the object at the provider and take it in as an event. book: write the journal's rows that the mirrored fact lacks.
recount: compute a derived number anew. decide: a person accepts it, or undoes it at the provider."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of finding."""

    severity: Severity
    repair: Repair
    means: str


KINDS: Mapping[str, Kind] = {
    "missing_here": Kind("high", "fetch", "the provider has it and we do not: its events never came, or failed"),
    "missing_there": Kind("high", "decide", "we have it and the provider does not list it"),
    "amount_differs": Kind("high", "fetch", "another amount, or another part of it went back"),
    "currency_differs": Kind("high", "fetch", "another currency"),
    "status_differs": Kind("medium", "fetch", "another status"),
    "edited_row": Kind(
        "high", "fetch", "our row says neither what the provider says nor what its own stored event said: it was changed by hand"
    ),
    "fee_leak": Kind("medium", "decide", "the application fee is not what PAY-4 asks for, or was not taken"),
    "processor_fee_missing": Kind("medium", "fetch", "what the provider kept of a payment is not booked"),
    "processor_fee_differs": Kind("medium", "fetch", "the provider kept another fee of a payment than we hold"),
    "unknown_charge": Kind("high", "decide", "money was taken that nobody here asked for: no request, no invoice, no known customer"),
    "stray_transfer": Kind("high", "decide", "money was sent to an account without a request or a payment behind it"),
    "refund_unbooked": Kind("high", "book", "a refund moved the balance and the journal does not know it"),
    "dispute_unbooked": Kind("high", "book", "a dispute moved the balance and the journal does not know it"),
    "journal_differs": Kind("high", "book", "the balance moved by another amount than the journal says"),
    "payout_unexplained": Kind("high", "fetch", "a part of a payout is covered by nothing that we know"),
    "count_differs": Kind("low", "recount", "a number that is kept beside its rows is not their sum"),
}


def finding_ref(kind: str, object_type: str, object_ref: str) -> str:
    """A finding's reference: the same discrepancy has the same one in every run."""
    return f"{kind}:{object_type}:{object_ref}"
