"""Statuses of money that goes out, as tables: which there are, how new they make a fact, and which moves are legal.

Provider facts arrive in any order, so legality cannot mean "the next step": it means that what is newer by version
(`facts.base.Version`) never leads back from a later phase into an earlier one. Inside one phase the provider's time
decides, so moves between its statuses are legal both ways. Both follow from one table per kind of object; the CHECK
constraints of migrations 0020 to 0027 list the same words, and tests compare them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Phase = Literal[0, 1, 2]

UNKNOWN = "unknown"
"""A word of the provider's that this version does not know: kept beside it as `provider_status`, never an error."""


@dataclass(frozen=True, slots=True)
class Statuses:
    """The statuses of one kind of object: status -> (phase, rank). Rank orders what one phase says in one second."""

    of: str
    order: Mapping[str, tuple[Phase, int]]
    said_as: Mapping[str, str]
    """Provider's word -> ours, where they differ."""

    def read(self, provider_status: str) -> str:
        """Our status for a provider's word; `unknown` for a word that is new to us."""
        status = self.said_as.get(provider_status, provider_status)
        return status if status in self.order else UNKNOWN

    def place(self, status: str) -> tuple[Phase, int]:
        """(phase, rank) of one of our statuses, for the version of the fact that says it."""
        return self.order[status]

    def legal(self, before: str | None, after: str) -> bool:
        """Whether a row may go from `before` (None: a stub) to `after`."""
        if before is None or before == after:
            return after in self.order
        return before in self.order and after in self.order and self.order[before][0] <= self.order[after][0]


REFUND = Statuses(
    of="refund",
    order={
        "pending": (0, 0),
        "requires_action": (0, 1),
        UNKNOWN: (1, 0),
        "succeeded": (1, 1),
        "cancelled": (2, 0),
        "failed": (2, 1),
    },
    said_as={"canceled": "cancelled"},
)
"""Succeeded is not final: the payer's bank may send the money back days later (`refund.failed`)."""

REFUND_UNDONE = frozenset({"failed", "cancelled"})
"""In these the money is ours again, so the charge counts as not refunded by that much."""

DISPUTE = Statuses(
    of="dispute",
    order={
        "warning_needs_response": (0, 0),
        "warning_under_review": (0, 1),
        "warning_closed": (0, 2),
        UNKNOWN: (1, 0),
        "needs_response": (1, 1),
        "under_review": (1, 2),
        "appeal_needs_response": (2, 0),
        "appeal_under_review": (2, 1),
        "lost": (2, 2),
        "won": (2, 3),
        "prevented": (2, 4),
    },
    said_as={},
)
"""An inquiry (`warning_*`) may grow into a dispute; a decided dispute may be appealed and decided again."""

DisputeOutcome = Literal["open", "won", "lost", "no_loss"]

_OUTCOMES: Mapping[str, DisputeOutcome] = {
    "won": "won",
    "lost": "lost",
    "prevented": "no_loss",
    "warning_closed": "no_loss",
}


def dispute_outcome(status: str | None) -> DisputeOutcome:
    """How a dispute of this status stands for the books and the payer's access (DISPUTE-2).

    `warning_closed` (an inquiry that came to nothing) and `prevented` (averted before the bank took anything) are no
    loss. It says nothing about money that moved: only the funds columns do (DISPUTE-4).
    """
    return _OUTCOMES.get(status or "", "open")


PAYOUT = Statuses(
    of="payout",
    order={
        "pending": (0, 0),
        "on_hold": (0, 1),
        "in_transit": (0, 2),
        UNKNOWN: (1, 0),
        "paid": (1, 1),
        "cancelled": (2, 0),
        "returned": (2, 1),
        "failed": (2, 2),
    },
    said_as={"canceled": "cancelled"},
)
"""`paid` is not final: `payout.failed` may follow (PAYOUT-6). `returned`: it arrived, and was sent back (PayPal)."""

PAYOUT_GIVEN_BACK = frozenset({"failed", "returned", "cancelled"})
"""In these the funds are in the account again, once, however often it is said (PAYOUT-6)."""

TRANSFER = Statuses(
    of="transfer",
    order={
        "pending": (0, 0),
        "in_transit": (0, 1),
        UNKNOWN: (1, 0),
        "paid": (1, 1),
        "partially_reversed": (1, 2),
        "reversed": (2, 0),
        "cancelled": (2, 1),
        "failed": (2, 2),
    },
    said_as={"canceled": "cancelled"},
)


def transfer_status(provider_status: str | None, amount_minor: int | None, reversed_minor: int | None) -> str:
    """The status of a transfer, from what the provider said of it (a pure function, hence independent of order).

    Transfers since 2017 have no status: they exist, so they are made (`paid`). Before, payouts were called transfers
    and had one. What was reversed counts above all but a failure, which gave back the whole.
    """
    status = TRANSFER.read(provider_status) if provider_status else "paid"
    if status in ("failed", "cancelled") or not reversed_minor:
        return status
    return "reversed" if amount_minor is not None and reversed_minor >= amount_minor else "partially_reversed"


EXTERNAL_ACCOUNT = Statuses(
    of="external_account",
    order={
        UNKNOWN: (1, 0),
        "new": (1, 1),
        "validated": (1, 2),
        "verified": (1, 3),
        "verification_failed": (1, 4),
        "errored": (1, 5),
        "deleted": (2, 0),
    },
    said_as={"tokenized_account_number_deactivated": "errored"},
)
"""Cards have no status of their own and count as `new`. `errored`: a payout to it failed, it must be replaced."""

CREDIT_NOTE = Statuses(
    of="credit_note",
    order={UNKNOWN: (1, 0), "issued": (1, 1), "void": (2, 0)},
    said_as={},
)

ALL = (REFUND, DISPUTE, PAYOUT, TRANSFER, EXTERNAL_ACCOUNT, CREDIT_NOTE)
