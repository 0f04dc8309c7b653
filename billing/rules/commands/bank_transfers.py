"""Commands about bank transfers as operators settle them: handed in, approved, rejected (PAY-8)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from billing.rules.commands.bank_transfer import REFERENCE, SOURCE
from billing.rules.commands.base import MOST_MINOR, Command, line
from billing.rules.commands.payments import Purpose, amount, country

_UNKNOWN = {"unknown_transfer": "no bank transfer was handed in or reported under this reference"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferStands:
    """How the transfer stands."""

    transfer: str
    """Bursar's public id of it."""
    payment: str
    """Bursar's public id of its payment."""
    status: str
    """`submitted`, `pending_approval`, `approved`, `rejected` or `expired`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitBankTransfer(Command):
    """A customer has paid by bank transfer and says so: somebody looks, and approves or rejects it. Unanswered, it expires."""

    NAME: ClassVar[str] = "billing.bank_transfers.submit.v1"
    RESULT: ClassVar[type] = TransferStands
    REFUSALS: ClassVar[Mapping[str, str]] = {
        "method_not_offered": "bank transfers are not offered in that country; `details.limit` lists what is",
        "reported_otherwise": "a transfer with this reference is known with another amount or currency",
        "decided": "the transfer was rejected or has expired; `details.current` says which. Take another reference",
    }

    reference: str
    """What stands in the transfer, given out by the app: 1 to 120 visible ASCII characters without blanks."""
    amount_minor: int
    """In minor units of `currency`: 1 to 100000000."""
    currency: str
    """ISO 4217, upper case."""
    country: str
    """The payer's country, ISO 3166-1, two upper-case letters."""
    pays: str | None = None
    """What it pays for, such as an invoice's number."""
    proof_ref: str | None = None
    """The app's id of the receipt that the customer handed in."""
    purpose: Purpose | None = None
    """What the money is for: it is granted once the transfer is approved. Null: nothing is granted."""
    purpose_ref: str | None = None
    """Which enrolment, package or registration it is for."""
    external_ref: str | None = None
    """The app's own id of the customer."""

    def __post_init__(self) -> None:
        _reference(self.reference)
        amount(self.amount_minor, self.currency)
        country(self.country)
        for name in ("pays", "proof_ref", "purpose_ref", "external_ref"):
            value = getattr(self, name)
            if value is not None:
                line(value, name)

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The transfer and its payment."""
        yield from _rows(self.reference)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveBankTransfer(Command):
    """Somebody saw the money on the account: the payment succeeds. Possible after a rejection and after it expired, because
    money that came is never dropped."""

    NAME: ClassVar[str] = "billing.bank_transfers.approve.v1"
    RESULT: ClassVar[type] = TransferStands
    REFUSALS: ClassVar[Mapping[str, str]] = _UNKNOWN | {
        "approved_otherwise": "it was approved with another amount, `details.current`",
    }

    reference: str
    """As it was handed in."""
    amount_minor: int | None = None
    """What arrived, in minor units of the transfer's currency; null: what was handed in."""
    received_on: str | None = None
    """The booking's date, as 2027-03-31; null: today (UTC)."""
    reason: str
    """What was seen; it stands in the audit."""

    def __post_init__(self) -> None:
        _reference(self.reference)
        line(self.reason, "reason")
        if self.amount_minor is not None and not 0 < self.amount_minor <= MOST_MINOR:
            raise ValueError(f"amount_minor must be 1 to {MOST_MINOR}")
        if self.received_on is not None:
            try:
                date.fromisoformat(self.received_on)
            except ValueError:
                raise ValueError("received_on must be a date such as 2027-03-31") from None

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The transfer and its payment."""
        yield from _rows(self.reference)


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectBankTransfer(Command):
    """The money did not come: the payment is cancelled."""

    NAME: ClassVar[str] = "billing.bank_transfers.reject.v1"
    RESULT: ClassVar[type] = TransferStands
    REFUSALS: ClassVar[Mapping[str, str]] = _UNKNOWN | {"already_approved": "somebody saw the money: refund it instead"}

    reference: str
    """As it was handed in."""
    reason: str
    """Why; it stands in the audit."""

    def __post_init__(self) -> None:
        _reference(self.reference)
        line(self.reason, "reason")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The transfer and its payment."""
        yield from _rows(self.reference)


def _reference(value: str) -> None:
    if not REFERENCE.fullmatch(value):
        raise ValueError("reference must be 1 to 120 visible ASCII characters without blanks")


def _rows(reference: str) -> Iterator[tuple[str, str, str]]:
    yield "payment", SOURCE, reference
    yield "bank_transfer", SOURCE, reference
