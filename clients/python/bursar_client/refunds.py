"""Commands that give money back to payers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from bursar_client.command import Command

Reason = Literal[
    "customer_request",
    "error_correction",
    "dispute",
    "service_failure",
    "duplicate_payment",
    "fraud",
    "cancellation",
    "downgrade",
    "administrative",
]
"""Why money goes back."""
Purpose = Literal["subscription", "course_enrolment", "credit_package", "event_registration", "invoice"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRefund(Command):
    """Gives a payment back to its payer, wholly or in part. More than is left (received, less refunded, less on
    its way, less
    withdrawn by disputes) is refused before the provider is asked for anything.

    Result: `request`, `reference`, `status`, `amount_minor`, `currency`, `fee_minor`, `transfer_minor`.
    Rejected as `unknown_payment`, `not_permitted`, `key_used`, `not_refundable`, `not_known_yet`,
    `too_late`, `disputed`, `nothing_left`, `over_refund`, `given_as_credit`,
    `amount_out_of_bounds`, `currency_differs`.
    """

    NAME: ClassVar[str] = "billing.refunds.request.v1"
    QUEUE: ClassVar[str] = "payments"

    source: Literal["stripe", "paypal", "manual"]
    """The provider."""
    key: str
    """The app's own name of this refund, one per payment: the same again is the same refund. 1 to 80 letters,
    digits and `. _ : / -`."""
    acting_for: Literal["platform", "organiser"]
    """Who the person is who wants it. What the platform's own staff wants is not compared with the payment; of an
    organiser, one of `account_ref`, `owner` and `organisation` must be the payment's own."""
    reason: Reason
    """Why, for the audit and the provider."""
    account_ref: str | None = None
    """The provider's id of the organiser's connected account: the payment's payee."""
    owner: str | None = None
    """The app's id of the organiser: `owner` in the payment's metadata."""
    organisation: str | None = None
    """The app's id of his organisation: `organisation` in the payment's metadata."""
    payment_ref: str | None = None
    """The provider's id of the payment."""
    reference: str | None = None
    """Else the app's own reference of the payment; one of the two."""
    amount_minor: int | None = None
    """In minor units of the payment's currency; null: all that is left."""
    currency: str | None = None
    """If given, it must be the payment's."""
    note: str | None = None
    """For operators."""
    customer_note: str | None = None
    """For the payer: it stands in his mail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveRefund(Command):
    """Agrees to a refund that waits for a second person; it may not be he who asked for it. It is then asked
    for at the provider.

    Result: `request`, `reference`, `status`, `amount_minor`, `currency`, `fee_minor`, `transfer_minor`.
    Rejected as `unknown_refund`, `not_pending`, `same_person`, `disputed`, `over_refund`,
    `given_as_credit`, `not_refundable`.
    """

    NAME: ClassVar[str] = "billing.refunds.approve.v1"
    QUEUE: ClassVar[str] = "payments"

    source: Literal["stripe", "paypal", "manual"]
    """The provider."""
    reference: str
    """The refund's reference."""
    reason: str
    """Why, for the audit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectRefund(Command):
    """Declines a refund that waits for a second person. Nothing was asked of the provider, and nothing is.

    Result: `request`, `reference`, `status`, `amount_minor`, `currency`, `fee_minor`, `transfer_minor`.
    Rejected as `unknown_refund`, `not_pending`.
    """

    NAME: ClassVar[str] = "billing.refunds.reject.v1"
    QUEUE: ClassVar[str] = "payments"

    source: Literal["stripe", "paypal", "manual"]
    """The provider."""
    reference: str
    """The refund's reference."""
    reason: str
    """Why, for the audit and the notes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRefund(Command):
    """Gives up a refund: at once while it waits for a second person, else as the provider allows (Stripe, while
    it is on its way).

    Result: `request`, `reference`, `status`, `amount_minor`, `currency`, `fee_minor`, `transfer_minor`.
    Rejected as `unknown_refund`, `not_cancellable`.
    """

    NAME: ClassVar[str] = "billing.refunds.cancel.v1"
    QUEUE: ClassVar[str] = "payments"

    source: Literal["stripe", "paypal", "manual"]
    """The provider."""
    reference: str
    """The refund's reference."""
    reason: str
    """Why, for the audit and the notes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteRefund(Command):
    """Adds a note to a refund.

    Result: `request`, `reference`, `status`, `amount_minor`, `currency`, `fee_minor`, `transfer_minor`.
    Rejected as `unknown_refund`.
    """

    NAME: ClassVar[str] = "billing.refunds.note.v1"
    QUEUE: ClassVar[str] = "payments"

    source: Literal["stripe", "paypal", "manual"]
    """The provider."""
    reference: str
    """The refund's reference."""
    text: str
    """The note, one line."""
    kind: Literal["internal", "customer"] = "internal"
    """For operators, or for the payer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestBatch(Command):
    """Refunds all that is left of many payments, for an event that was cancelled (REFUND-10). Each payment has
    its own outcome:
    one that is refused stops no other. The payments are listed, or found by what they were for.

    Result: `batch`, `status`.
    Rejected as `reference_used`.
    """

    NAME: ClassVar[str] = "billing.refunds.request_batch.v1"
    QUEUE: ClassVar[str] = "payments"

    source: Literal["stripe", "paypal", "manual"]
    """The provider."""
    reference: str
    """The app's own name of the batch: 1 to 80 letters, digits and `. _ : / -`."""
    acting_for: Literal["platform", "organiser"]
    """Who the person is who wants it. What the platform's own staff wants is not compared with the payment; of an
    organiser, one of `account_ref`, `owner` and `organisation` must be the payment's own."""
    reason: Reason
    """Why, for the audit and the provider."""
    account_ref: str | None = None
    """The provider's id of the organiser's connected account: the payment's payee."""
    owner: str | None = None
    """The app's id of the organiser: `owner` in the payment's metadata."""
    organisation: str | None = None
    """The app's id of his organisation: `organisation` in the payment's metadata."""
    payments: tuple[str, ...] = ()
    """The provider's ids of the payments; at most 10000."""
    purpose: Purpose | None = None
    """Else what the payments were for."""
    purpose_ref: str | None = None
    """Which enrolment, package or registration."""
    note: str | None = None
    """For operators."""


TYPED: tuple[type[Command], ...] = (RequestRefund, ApproveRefund, RejectRefund, CancelRefund, NoteRefund, RequestBatch)
"""All of them."""
