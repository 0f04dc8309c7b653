"""Commands that take money, and that ask how it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from billing.rules.commands.base import MOST_MINOR, Command, line
from billing.rules.money import AmountError, exponent

MOST_ATTEMPTS = 20
"""Of one request. Cards' schemes forbid more tries of one charge than about this within a month."""

REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,79}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_URL = re.compile(r"https?://[\x21-\x7e]{1,2000}")
_UNKNOWN = {"unknown_request": "no payment was requested under this reference at this provider"}

Purpose = Literal["subscription", "course_enrolment", "credit_package", "event_registration", "invoice"]
SOURCE_MEANS = "The provider."


def reference(value: str, name: str = "reference") -> str:
    """`value`, if it is a reference that every provider's metadata can hold.

    Raises:
        ValueError: it is not.
    """
    if not REFERENCE.fullmatch(value):
        raise ValueError(f"{name} must be 1 to 80 letters, digits and . _ : / -, beginning with a letter or digit")
    return value


def amount(minor: int, currency: str) -> None:
    """PAY-12.

    Raises:
        ValueError: out of bounds, or no currency.
    """
    try:
        exponent(currency)
    except AmountError:
        raise ValueError("currency must be three upper-case letters, such as EUR") from None
    if not 0 < minor <= MOST_MINOR:
        raise ValueError(f"amount_minor must be 1 to {MOST_MINOR}")


def url(value: str | None, name: str) -> None:
    """Raises ValueError for what is no http address."""
    if value is not None and not _URL.fullmatch(value):
        raise ValueError(f"{name} must be an http or https address of at most 2000 characters")


def country(value: str | None) -> None:
    """Raises ValueError for what is no ISO 3166-1 code."""
    if value is not None and not _COUNTRY.fullmatch(value):
        raise ValueError("country must be two upper-case letters, such as DE")


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentAsked:
    """How the request stands; `bursar_api.outcome(key)` tells how it goes on."""

    request: str
    """Bursar's public id of the request."""
    reference: str
    """The app's own reference of it."""
    status: str
    """`pending`, `processing`, `requires_action`, `succeeded`, `failed`, `cancelled` or `carried_over`."""
    attempt: int
    """Which attempt it is in; 0 if none was needed."""
    charge_minor: int
    """What the provider is asked for: the amount and what the customer owed from amounts too small to charge."""
    application_fee_minor: int
    """What of it the platform keeps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPayment(Command):
    """Takes money: from a customer's stored method (Stripe), or from a payer who approves it at the outcome's `url` (PayPal). An
    amount below Stripe's minimum is not sent: it is carried over to the customer's balance, counts as paid, and is charged with the
    next payment (status `carried_over`)."""

    NAME: ClassVar[str] = "billing.payments.request.v1"
    RESULT: ClassVar[type] = PaymentAsked
    REFUSALS: ClassVar[Mapping[str, str]] = {
        "reference_used": "the reference belongs to a payment with another amount, currency, customer, destination or purpose",
        "method_not_offered": "the method is not offered in that country; `details.limit` lists those that are",
        "customer_deleted": "the provider's customer was deleted",
        "method_detached": "the stored method was removed by the customer",
        "account_disabled": "the connected account may not take charges now",
        "below_minimum": "PayPal: less than the least that it charges (`details.limit`)",
        "promo_not_reserved": "nothing is reserved under `promo_ref`, or no longer",
        "promo_in_use": "what is reserved under `promo_ref` belongs to another payment",
        "currency_differs": "what is reserved under `promo_ref` is in another currency",
        "amount_not_discounted": "the amount is not what the order comes to after its code (`details.limit`)",
    }

    source: Literal["stripe", "paypal"]
    """The provider."""
    reference: str
    """The app's own name for this payment, such as an order's number: 1 to 80 letters, digits and `. _ : / -`. One reference is
    one payment, however often it is tried."""
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
    purpose: Purpose | None = None
    """What the money is for: it is granted once the payment succeeds. Null: nothing is granted."""
    purpose_ref: str | None = None
    """Which enrolment, package or registration it is for."""
    invoice_ref: str | None = None
    """The number of the invoice that it pays."""
    description: str | None = None
    """What the payer sees, one line."""
    destination_ref: str | None = None
    """The provider's id of the connected account that the money is passed on to, less the application fee; null: nobody."""
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

    def __post_init__(self) -> None:
        reference(self.reference)
        amount(self.amount_minor, self.currency)
        country(self.country)
        url(self.return_url, "return_url")
        self._check_provider()
        lines = ("customer_ref", "payment_method_ref", "purpose_ref", "invoice_ref", "description", "destination_ref", "payee_ref")
        for name in (*lines, "reason", "note"):
            if getattr(self, name) is not None:
                line(getattr(self, name), name)
        if self.purpose_ref is not None and self.purpose is None:
            raise ValueError("purpose_ref needs a purpose")
        if self.promo_ref is not None and (reference(self.promo_ref, "promo_ref") and self.purpose is None):
            raise ValueError("promo_ref needs a purpose")
        if self.payee_ref and self.destination_ref:
            raise ValueError("payee_ref and destination_ref are two ways to pass money on: give one")

    def _check_provider(self) -> None:
        if self.source == "stripe":
            if self.customer_ref is None:
                raise ValueError("customer_ref is needed at stripe")
            return
        if self.return_url is None:
            raise ValueError("return_url is needed at paypal: the payer has to approve there")
        if self.payment_method_ref or self.destination_ref or self.method == "bank_transfer":
            raise ValueError("payment_method_ref, destination_ref and bank transfers are not for paypal")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """Customer, method and account, which may refuse it, and the request."""
        if self.customer_ref:
            yield "customer", self.source, self.customer_ref
        if self.payment_method_ref:
            yield "payment_method", self.source, self.payment_method_ref
        if self.destination_ref:
            yield "account", self.source, self.destination_ref
        yield "payment_request", self.source, self.reference
        if self.source == "stripe":
            yield "customer_balance", self.source, f"{self.customer_ref}:{self.currency}"
        if self.promo_ref:
            yield "promo_redemption", "bursar", self.promo_ref


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPayment(Command):
    """Tries a payment again that failed. The payment of the attempt before is cancelled at the provider first, so that only one
    of them can be paid. Bursar tries nothing again by itself: a decline stays one."""

    NAME: ClassVar[str] = "billing.payments.retry.v1"
    RESULT: ClassVar[type] = PaymentAsked
    REFUSALS: ClassVar[Mapping[str, str]] = {
        **_UNKNOWN,
        "not_failed": "the attempt before has not failed, or another number is next (`details.limit`)",
        "too_many_attempts": f"it was tried {MOST_ATTEMPTS} times",
        "promo_used_up": "its failure gave the use of its promo code back, and none is left",
        "promo_used_by_customer": "likewise, and the customer has used the campaign as often as he may",
        "promo_in_use": "likewise, and the order's name has passed on to another payment",
    }

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

    def __post_init__(self) -> None:
        reference(self.reference)
        if self.attempt < 2:
            raise ValueError("attempt must be 2 or more")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The request."""
        yield "payment_request", self.source, self.reference


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelPayment(Command):
    """Gives up a payment that has not succeeded. If it exists at the provider, the provider decides whether it still can."""

    NAME: ClassVar[str] = "billing.payments.cancel.v1"
    RESULT: ClassVar[type] = PaymentAsked
    REFUSALS: ClassVar[Mapping[str, str]] = {
        **_UNKNOWN,
        "not_cancellable": "it has succeeded, is being processed, or was carried over; refund it instead",
    }

    source: Literal["stripe", "paypal"]
    """The provider."""
    reference: str
    """The payment's reference."""
    reason: str
    """Why, for the audit and the note."""

    def __post_init__(self) -> None:
        reference(self.reference)
        line(self.reason, "reason")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The request."""
        yield "payment_request", self.source, self.reference


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentStands:
    """How a payment stands as far as it is known; what was still open is being asked for."""

    status: str
    """The payment's status, or `unknown` before the provider told anything of it."""
    payment_ref: str | None
    """The provider's id of the payment."""
    request: str | None
    """Bursar's public id of the request that it was made for, if any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmPayment(Command):
    """The payer is back from the provider: asks how his payment stands, unless it is known to have succeeded. Whether this or
    the provider's webhook comes first makes no difference: what was paid for is granted once."""

    NAME: ClassVar[str] = "billing.payments.confirm.v1"
    RESULT: ClassVar[type] = PaymentStands
    REFUSALS: ClassVar[Mapping[str, str]] = {
        **_UNKNOWN,
        "not_yet_made": "the request has no payment at the provider yet",
        "not_askable": "a bank transfer is confirmed by an operator only",
    }

    source: Literal["stripe", "paypal", "manual"]
    """The provider."""
    reference: str | None = None
    """The payment's reference, if Bursar took it."""
    payment_ref: str | None = None
    """Else the provider's id of the payment; one of the two."""

    def __post_init__(self) -> None:
        if (self.reference is None) == (self.payment_ref is None):
            raise ValueError("reference or payment_ref must be given, not both")
        if self.reference is not None:
            reference(self.reference)
        if self.payment_ref is not None:
            line(self.payment_ref, "payment_ref")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The payment, or its request."""
        if self.payment_ref:
            yield "payment", self.source, self.payment_ref
        if self.reference:
            yield "payment_request", self.source, self.reference
