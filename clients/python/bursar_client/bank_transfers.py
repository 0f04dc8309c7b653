"""Commands about bank transfers that are handed in, approved and rejected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from bursar_client.command import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitBankTransfer(Command):
    """A customer has paid by bank transfer and says so: somebody looks, and approves or rejects it. Unanswered, it expires.

    Result: `transfer` and `payment` (Bursar's ids), `status`.
    Rejected as `method_not_offered`, `reported_otherwise`, or as `decided` when it was rejected or has expired.
    """

    NAME: ClassVar[str] = "billing.bank_transfers.submit.v1"
    QUEUE: ClassVar[str] = "payments"

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
    purpose: Literal["subscription", "course_enrolment", "credit_package", "event_registration", "invoice"] | None = None
    """What the money is for: it is granted once the transfer is approved. Null: nothing is granted."""
    purpose_ref: str | None = None
    """Which enrolment, package or registration it is for."""
    external_ref: str | None = None
    """The app's own id of the customer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveBankTransfer(Command):
    """Somebody saw the money on the account: the payment succeeds. Possible after a rejection and after it expired.

    Result: `transfer` and `payment` (Bursar's ids), `status`.
    Rejected as `unknown_transfer`, or as `approved_otherwise` when it was approved with another amount.
    """

    NAME: ClassVar[str] = "billing.bank_transfers.approve.v1"
    QUEUE: ClassVar[str] = "payments"

    reference: str
    """As it was handed in."""
    amount_minor: int | None = None
    """What arrived, in minor units of the transfer's currency; null: what was handed in."""
    received_on: str | None = None
    """The booking's date, as 2027-03-31; null: today (UTC)."""
    reason: str
    """What was seen; it stands in the audit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectBankTransfer(Command):
    """The money did not come: the payment is cancelled.

    Result: `transfer` and `payment` (Bursar's ids), `status`.
    Rejected as `unknown_transfer`, or as `already_approved`: then refund it instead.
    """

    NAME: ClassVar[str] = "billing.bank_transfers.reject.v1"
    QUEUE: ClassVar[str] = "payments"

    reference: str
    """As it was handed in."""
    reason: str
    """Why; it stands in the audit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendBankRefund(Command):
    """Somebody sent a refund of a bank transfer from our own account. It is booked, and all follows that follows from a
    refund.

    Result: `request`, `reference`, `status`, `amount_minor`, `currency`, `fee_minor`, `transfer_minor`.
    Rejected as `unknown_refund`, `not_processing`, `sent_otherwise`, `bank_reference_used`.
    """

    NAME: ClassVar[str] = "billing.bank_refunds.sent.v1"
    QUEUE: ClassVar[str] = "payments"

    reference: str
    """The refund's reference, as RequestRefund gave it."""
    bank_reference: str
    """The bank's own reference of the booking: 1 to 120 visible ASCII characters without blanks."""
    reason: str
    """What was seen or done; it stands in the audit."""
    sent_on: str | None = None
    """The booking's date, as 2027-03-31; null: today (UTC)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnBankRefund(Command):
    """The bank returned a refund that was sent: the money is ours again, and all that followed from the refund is
    undone, once.

    Result: `request`, `reference`, `status`, `amount_minor`, `currency`, `fee_minor`, `transfer_minor`.
    Rejected as `unknown_refund`, `not_sent`.
    """

    NAME: ClassVar[str] = "billing.bank_refunds.returned.v1"
    QUEUE: ClassVar[str] = "payments"

    reference: str
    """The refund's reference."""
    reason: str
    """What the bank says; it stands with the refund."""
    returned_on: str | None = None
    """The booking's date, as 2027-03-31; null: today (UTC)."""


TYPED: tuple[type[Command], ...] = (SubmitBankTransfer, ApproveBankTransfer, RejectBankTransfer, SendBankRefund, ReturnBankRefund)
"""Those of this file."""
