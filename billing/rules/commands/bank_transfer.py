"""Commands about bank transfers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from billing.rules.commands.base import MOST_MINOR, Command, line
from billing.rules.money import AmountError, exponent

REFERENCE = re.compile(r"[\x21-\x7e]{1,120}")
SOURCE = "manual"
"""Under which transfers are kept, reported or confirmed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferReported:
    """How the payment stands."""

    payment: str
    """Bursar's public id of the payment."""
    status: str
    """`processing` until somebody has seen the money, then `succeeded`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTransfer(Command):
    """A customer says that a bank transfer is on its way. It is a payment in `processing` until an operator confirms it
    under the same reference (`bursar confirm bank-transfer`)."""

    NAME: ClassVar[str] = "billing.bank_transfer.report.v1"
    RESULT: ClassVar[type] = TransferReported
    REFUSALS: ClassVar[Mapping[str, str]] = {
        "amount_out_of_bounds": f"the amount is not between 1 and {MOST_MINOR} minor units",
        "reported_otherwise": "a transfer with this reference is known with another amount or currency",
    }

    reference: str
    """What stands in the transfer, given out by the app: 1 to 120 visible ASCII characters without blanks."""
    amount_minor: int
    """In minor units of `currency`."""
    currency: str
    """ISO 4217, upper case."""
    pays: str | None = None
    """What it pays for, such as an invoice's number."""

    def __post_init__(self) -> None:
        if not REFERENCE.fullmatch(self.reference):
            raise ValueError("reference must be 1 to 120 visible ASCII characters without blanks")
        try:
            exponent(self.currency)
        except AmountError:
            raise ValueError("currency must be three upper-case letters, such as EUR") from None
        if self.pays is not None:
            line(self.pays, "pays")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The payment and the transfer."""
        yield "payment", SOURCE, self.reference
        yield "bank_transfer", SOURCE, self.reference
