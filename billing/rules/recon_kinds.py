"""What reconciliation can find (RECON-1 to RECON-9), how bad it is, and what mends it without doing harm.

What nobody has to decide is repaired without moving money: the provider is asked for the object again, whose facts then take the
way of every event (merge by version, journal, audit). Where a person has to decide, the kind names what may be chosen; a choice
that moves money is an ordinary request (refund, reversal). Anything may be accepted with a reason instead.
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
    choices: tuple[str, ...] = ()
    """What a person may choose, of CHOICES. Where `repair` is not `decide`, that is what is done without a choice."""


CHOICES: Mapping[str, str] = {
    "adopt": "it is kept: money for a customer and a purpose, or unapplied until it has one; a transfer as the payee's own",
    "refund": "the payer gets all of it back, by an ordinary refund",
    "reverse": "it is taken back from the account, by an ordinary reversal; what the account has not got, it owes",
    "owe": "the payee owes it: kept out of payouts, netted from the next shares",
    "book": "it is given up, and booked as leakage",
    "write_off": "the provider is asked for that very object; only if it has none, what was booked of it goes to losses",
    "repost": "what the journal lacks of what was booked is booked again",
}
"""What a person may choose, and what it does; all of them need the role finance."""


KINDS: Mapping[str, Kind] = {
    "missing_here": Kind("high", "fetch", "the provider has it and we do not: its events never came, or failed"),
    "missing_there": Kind("high", "decide", "we have it and the provider does not list it", ("write_off",)),
    "amount_differs": Kind("high", "fetch", "another amount, or another part of it went back"),
    "currency_differs": Kind("high", "fetch", "another currency"),
    "status_differs": Kind("medium", "fetch", "another status"),
    "edited_row": Kind(
        "high", "fetch", "our row says neither what the provider says nor what its own stored event said: it was changed by hand"
    ),
    "fee_leak": Kind("medium", "decide", "the application fee is not what PAY-4 asks for, or was not taken", ("owe", "book")),
    "processor_fee_missing": Kind("medium", "fetch", "what the provider kept of a payment is not booked", ("repost",)),
    "processor_fee_differs": Kind("medium", "fetch", "the provider kept another fee of a payment than we hold"),
    "unknown_charge": Kind(
        "high", "decide", "money was taken that nobody here asked for: no request, no invoice, no known customer", ("adopt", "refund")
    ),
    "stray_transfer": Kind(
        "high", "decide", "money was sent to an account without a request or a payment behind it", ("adopt", "owe", "reverse")
    ),
    "refund_not_asked": Kind("medium", "decide", "a refund that nobody asked for here: a person made it at the provider"),
    "refund_unbooked": Kind("high", "book", "a refund moved the balance and the journal does not know it", ("repost",)),
    "dispute_unbooked": Kind("high", "book", "a dispute moved the balance and the journal does not know it", ("repost",)),
    "journal_differs": Kind("high", "book", "the balance moved by another amount than the journal says", ("repost",)),
    "payout_unexplained": Kind("high", "fetch", "a part of a payout is covered by nothing that we know"),
    "over_credited": Kind(
        "high", "decide", "a credit note says more than went back: a refund failed after it was issued; refund again, or bill it by hand"
    ),
    "given_back_twice": Kind(
        "high", "decide", "a period's money was refunded at the provider and had been given as credit, which is spent; bill it by hand"
    ),
    "count_differs": Kind("low", "recount", "a number that is kept beside its rows is not their sum"),
}


def finding_ref(kind: str, object_type: str, object_ref: str) -> str:
    """A finding's reference: the same discrepancy has the same one in every run."""
    return f"{kind}:{object_type}:{object_ref}"
