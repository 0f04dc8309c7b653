"""Commands about bank transfers that are given back: a person sends them, and says so (REFUND-2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from billing.rules.commands.bank_transfer import REFERENCE, SOURCE
from billing.rules.commands.base import Command, line
from billing.rules.commands.refunds import RefundAsked, refund_name

_UNKNOWN = {"unknown_refund": "no refund of a bank transfer has this reference"}


def _day(value: str | None, name: str) -> None:
    try:
        if value is not None:
            date.fromisoformat(value)
    except ValueError:
        raise ValueError(f"{name} must be a date such as 2027-03-31") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendBankRefund(Command):
    """Somebody sent a refund of a bank transfer from our own account. It is booked, and all follows that follows from a refund."""

    NAME: ClassVar[str] = "billing.bank_refunds.sent.v1"
    RESULT: ClassVar[type] = RefundAsked
    REFUSALS: ClassVar[Mapping[str, str]] = _UNKNOWN | {
        "not_processing": "it waits for a second person, or was declined or given up; `details.current` says which",
        "sent_otherwise": "it was sent by another booking, `details.current`",
        "bank_reference_used": "the booking is another refund's",
    }

    reference: str
    """The refund's reference, as `billing.refunds.request.v1` gave it."""
    bank_reference: str
    """The bank's own reference of the booking: 1 to 120 visible ASCII characters without blanks."""
    reason: str
    """What was seen or done; it stands in the audit."""
    sent_on: str | None = None
    """The booking's date, as 2027-03-31; null: today (UTC)."""

    def __post_init__(self) -> None:
        refund_name(self.reference)
        if not REFERENCE.fullmatch(self.bank_reference):
            raise ValueError("bank_reference must be 1 to 120 visible ASCII characters without blanks")
        line(self.reason, "reason")
        _day(self.sent_on, "sent_on")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The refund's request."""
        yield "refund_request", SOURCE, self.reference


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnBankRefund(Command):
    """The bank returned a refund that was sent: the money is ours again, and all that followed from the refund is undone, once."""

    NAME: ClassVar[str] = "billing.bank_refunds.returned.v1"
    RESULT: ClassVar[type] = RefundAsked
    REFUSALS: ClassVar[Mapping[str, str]] = _UNKNOWN | {"not_sent": "nothing was sent yet; give it up by billing.refunds.cancel.v1"}

    reference: str
    """The refund's reference."""
    reason: str
    """What the bank says; it stands with the refund."""
    returned_on: str | None = None
    """The booking's date, as 2027-03-31; null: today (UTC)."""

    def __post_init__(self) -> None:
        refund_name(self.reference)
        line(self.reason, "reason")
        _day(self.returned_on, "returned_on")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The refund's request."""
        yield "refund_request", SOURCE, self.reference
