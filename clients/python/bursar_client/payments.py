"""Commands that take money: payments from stored methods, checkouts, and the customers that they are taken from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from bursar_client.command import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPayment(Command):
    """Takes money: from a customer's stored method (Stripe), or from a payer who approves it at the outcome's `url`
    (PayPal). An amount below Stripe's minimum is not sent: it is carried over to the customer's balance, counts as
    paid, and is charged with the next payment (status `carried_over`).

    Result: `request`, `reference`, `status`, `attempt`, `charge_minor`, `application_fee_minor`.
    Rejected as `reference_used`, `method_not_offered`, `customer_deleted`, `method_detached`, `account_disabled`,
    `below_minimum`, `promo_not_reserved`, `promo_in_use`, `currency_differs`, `amount_not_discounted`.
    """

    NAME: ClassVar[str] = "billing.payments.request.v1"
    QUEUE: ClassVar[str] = "payments"

    source: Literal["stripe", "paypal"]
    """The provider."""
    reference: str
    """The app's own name for this payment, such as an order's number: 1 to 80 letters, digits and `. _ : / -`. One
    reference is one payment, however often it is tried."""
    amount_minor: int
    """In minor units of `currency`: 1 to 100000000."""
    currency: str
    """ISO 4217, upper case."""
    customer_ref: str | None = None
    """The provider's id of the customer; needed at Stripe, and who pays at PayPal, PayPal says."""
    payment_method_ref: str | None = None
    """The provider's id of the stored method; null: the customer's default."""
    method: Literal["card", "paypal", "bank_transfer"] = "card"
    """Which way of paying that is; at PayPal always PayPal's."""
    country: str | None = None
    """The payer's country, ISO 3166-1, two letters; null: unknown, and no method is refused for it."""
    purpose: Literal["subscription", "course_enrolment", "credit_package", "event_registration", "invoice"] | None = None
    """What the money is for: it is granted once the payment succeeds. Null: nothing is granted."""
    purpose_ref: str | None = None
    """Which enrolment, package or registration it is for."""
    invoice_ref: str | None = None
    """The number of the invoice that it pays."""
    description: str | None = None
    """What the payer sees, one line."""
    destination_ref: str | None = None
    """The provider's id of the connected account that the money is passed on to, less the application fee; null:
    nobody."""
    payee_ref: str | None = None
    """The provider's id of the connected account to which the share is transferred by a call of its own, after the payment
    (separate charge and transfer); not together with `destination_ref`."""
    off_session: bool = True
    """Whether the payer is away. If he is there, give `return_url`."""
    return_url: str | None = None
    """Where the provider sends the payer back to, if his action is needed; at PayPal it always is."""
    promo_ref: str | None = None
    """The reference under which a promo code was reserved; the amount is what is left to pay. Needs a purpose."""
    reason: str | None = None
    """Why, for the audit."""
    note: str | None = None
    """For operators."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPayment(Command):
    """Tries a payment again that failed. The payment of the attempt before is cancelled at the provider first, so that
    only one of them can be paid. Bursar tries nothing again by itself: a decline stays one.

    Result: `request`, `reference`, `status`, `attempt`, `charge_minor`, `application_fee_minor`.
    Rejected as `unknown_request`, `not_failed`, `too_many_attempts`, `promo_used_up`, `promo_used_by_customer`,
    `promo_in_use`.
    """

    NAME: ClassVar[str] = "billing.payments.retry.v1"
    QUEUE: ClassVar[str] = "payments"

    source: Literal["stripe", "paypal"]
    """The provider."""
    reference: str
    """The payment's reference."""
    attempt: int
    """The number of the attempt that this begins: 2 for the first retry. An attempt that has begun is not begun again."""
    payment_method_ref: str | None = None
    """Another stored method; null: the same."""
    reason: str | None = None
    """Why, for the audit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelPayment(Command):
    """Gives up a payment that has not succeeded. If it exists at the provider, the provider decides whether it still
    can.

    Result: `request`, `reference`, `status`, `attempt`, `charge_minor`, `application_fee_minor`.
    Rejected as `unknown_request`, `not_cancellable`.
    """

    NAME: ClassVar[str] = "billing.payments.cancel.v1"
    QUEUE: ClassVar[str] = "payments"

    source: Literal["stripe", "paypal"]
    """The provider."""
    reference: str
    """The payment's reference."""
    reason: str
    """Why, for the audit and the note."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmPayment(Command):
    """The payer is back from the provider: asks how his payment stands, unless it is known to have succeeded. Whether
    this or the provider's webhook comes first makes no difference: what was paid for is granted once.

    Result: `status`, `payment_ref`, `request`.
    Rejected as `unknown_request`, `not_yet_made`, `not_askable`.
    """

    NAME: ClassVar[str] = "billing.payments.confirm.v1"
    QUEUE: ClassVar[str] = "payments"

    source: Literal["stripe", "paypal", "manual"]
    """The provider."""
    reference: str | None = None
    """The payment's reference, if Bursar took it."""
    payment_ref: str | None = None
    """Else the provider's id of the payment; one of the two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartCheckout(Command):
    """Starts a checkout: a Stripe session or a PayPal order for one line. What is bought is granted once, when it is
    paid.

    Result: `request`, `reference`, `status`, `url`.
    Rejected as `reference_used`, `amount_out_of_bounds`, `below_minimum`, `method_not_offered`, `mode_not_offered`,
    `account_disabled`, `promo_not_reserved`, `promo_in_use`, `currency_differs`, `amount_not_discounted`.
    """

    NAME: ClassVar[str] = "billing.checkout.start.v1"
    QUEUE: ClassVar[str] = "payments"

    source: Literal["stripe", "paypal"]
    """The provider."""
    reference: str
    """The app's own name for this checkout: 1 to 80 letters, digits and `. _ : / -`. One reference is one checkout."""
    purpose: Literal["subscription", "course_enrolment", "credit_package", "event_registration", "invoice"]
    """What is bought."""
    success_url: str
    """Where the payer comes back to when he is through."""
    cancel_url: str
    """Where he comes back to when he gives up."""
    description: str
    """What the payer sees as the line's name."""
    mode: Literal["payment", "subscription", "setup"] = "payment"
    """`payment`: once. `subscription`: again and again. `setup`: only to store a method; then no amount is needed."""
    amount_minor: int | None = None
    """Price of one, in minor units of `currency`; null with `price_ref` or in mode `setup`."""
    currency: str | None = None
    """ISO 4217, upper case; goes with the amount."""
    quantity: int = 1
    """How many."""
    price_ref: str | None = None
    """The provider's id of a price, instead of an amount (Stripe)."""
    interval: Literal["month", "year"] | None = None
    """How often it is charged in mode `subscription`, unless `price_ref` says it."""
    purpose_ref: str | None = None
    """Which enrolment, package or registration it is for."""
    customer_ref: str | None = None
    """The provider's id of the customer; null: the provider makes one or none."""
    external_ref: str | None = None
    """The app's own id of the customer."""
    email: str | None = None
    """The payer's address, to fill in (Stripe, without `customer_ref`)."""
    country: str | None = None
    """The payer's country, ISO 3166-1, two letters; null: unknown, and no method is refused for it."""
    destination_ref: str | None = None
    """The provider's id of the connected account that the money is passed on to, less the application fee (Stripe)."""
    payee_ref: str | None = None
    """The provider's id of the account (PayPal: id or address) to which the share is transferred by a call of its own, after the payment
    (separate charge and transfer); not together with `destination_ref`."""
    expires_in_s: int | None = None
    """After how many seconds the page is closed: 1800 to 86400 (Stripe); null: the provider's own time."""
    promo_ref: str | None = None
    """The reference under which a promo code was reserved; amount times quantity is what is left to pay. Needs an
    amount."""
    reason: str | None = None
    """Why, for the audit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireCheckout(Command):
    """Closes a checkout that nobody has paid. The provider decides: a payer who was quicker has bought.

    Result: `request`, `reference`, `status`, `url`.
    Rejected as `unknown_request`, `not_open`.
    """

    NAME: ClassVar[str] = "billing.checkout.expire.v1"
    QUEUE: ClassVar[str] = "payments"

    source: Literal["stripe", "paypal"]
    """The provider."""
    reference: str
    """The checkout's reference."""
    reason: str
    """Why, for the audit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateCustomer(Command):
    """Makes a customer at the provider for the app's customer `external_ref` and links the two. One per provider: asked
    again, it tells the one that there is, or tries again if the provider had refused.

    Result: `request`, `status`, `customer_ref`.
    """

    NAME: ClassVar[str] = "billing.customers.create.v1"
    QUEUE: ClassVar[str] = "payments"

    source: Literal["stripe"]
    """The provider."""
    external_ref: str
    """The app's own id of the customer."""
    email: str | None = None
    """Where the provider and Bursar write to."""
    full_name: str | None = None
    """His name, as it stands on invoices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmCheckout(Command):
    """The payer is back from the provider's page: asks the provider how his checkout stands, unless it is known to be over.
    Whether this or the provider's webhook comes first makes no difference: what was bought is granted once.

    Result: `request`, `reference`, `status`, `url`.
    Rejected as `unknown_request`, `not_yet_made`.
    """

    NAME: ClassVar[str] = "billing.checkout.confirm.v1"
    QUEUE: ClassVar[str] = "payments"

    source: Literal["stripe", "paypal"]
    """The provider."""
    reference: str
    """The checkout's reference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignPayment(Command):
    """Somebody has found out what a payment was for that nobody declared a purpose of, such as one that was adopted
    without one: what was paid for is granted, as for any payment, and what stood as the payer's (`unapplied`) is
    earned. Said once; a bank transfer is handed in again with its purpose instead.

    Result: `payment`, `purpose`, `fulfilment`, `status`.
    Rejected as `unknown_payment`, `not_paid`, `has_purpose`, `requested`, `money_went_back`, `unknown_customer`,
    `other_customer`, `unknown_invoice`.
    """

    NAME: ClassVar[str] = "billing.payments.assign.v1"
    QUEUE: ClassVar[str] = "payments"

    source: Literal["stripe", "paypal"]
    """The provider."""
    payment_ref: str
    """The provider's id of the payment: `pi_...`, or a lone charge's; PayPal's capture or sale."""
    purpose: Literal["subscription", "course_enrolment", "credit_package", "event_registration", "invoice"]
    """What it was for."""
    reason: str
    """What was found out; it stands in the audit."""
    purpose_ref: str | None = None
    """Which enrolment, package, registration or invoice of ours; the last one needs it."""
    customer_ref: str | None = None
    """The provider's id of the customer; null: the payment's own."""


TYPED: tuple[type[Command], ...] = (
    RequestPayment,
    RetryPayment,
    CancelPayment,
    ConfirmPayment,
    StartCheckout,
    ConfirmCheckout,
    ExpireCheckout,
    CreateCustomer,
    AssignPayment,
)
"""All of these."""
