"""Commands about checkouts: pages of a provider on which a payer buys something."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from billing.rules.commands.base import Command, line
from billing.rules.commands.payments import Purpose, amount, country, reference, url

_SOURCES = Literal["stripe", "paypal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutAsked:
    """How the checkout stands; `bursar_api.outcome(key)` tells its `url` as soon as the provider has made it."""

    request: str
    """Bursar's public id of the request."""
    reference: str
    """The app's own reference of it."""
    status: str
    """`pending`, then `open`, `approved`, `completed`, `expired` or `failed`."""
    url: str | None
    """Where to send the payer; null while the provider is being asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartCheckout(Command):
    """Starts a checkout: a Stripe session or a PayPal order for one line. What is bought is granted once, when it is paid."""

    NAME: ClassVar[str] = "billing.checkout.start.v1"
    RESULT: ClassVar[type] = CheckoutAsked
    REFUSALS: ClassVar[Mapping[str, str]] = {
        "reference_used": "the reference belongs to a checkout with another amount, currency, customer, destination or purpose",
        "amount_out_of_bounds": "amount times quantity is more than a command may move",
        "below_minimum": "the provider does not charge so little; `details.limit` is its minimum",
        "method_not_offered": "the provider's way of paying is not offered in that country",
        "mode_not_offered": "PayPal orders are for payments only",
        "account_disabled": "the connected account may not take charges now",
        "promo_not_reserved": "nothing is reserved under `promo_ref`, or no longer",
        "promo_in_use": "what is reserved under `promo_ref` belongs to another payment",
        "currency_differs": "what is reserved under `promo_ref` is in another currency",
        "amount_not_discounted": "the amount is not what the order comes to after its code (`details.limit`)",
    }

    source: _SOURCES
    """The provider."""
    reference: str
    """The app's own name for this checkout: 1 to 80 letters, digits and `. _ : / -`. One reference is one checkout."""
    purpose: Purpose
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
    """The reference under which a promo code was reserved; amount times quantity is what is left to pay. Needs an amount."""
    reason: str | None = None
    """Why, for the audit."""

    def __post_init__(self) -> None:
        reference(self.reference)
        self._check_price()
        for name in ("success_url", "cancel_url"):
            url(getattr(self, name), name)
        country(self.country)
        people = ("customer_ref", "external_ref", "email", "destination_ref", "payee_ref")
        for name in ("description", "price_ref", "purpose_ref", *people, "reason"):
            if getattr(self, name) is not None:
                line(getattr(self, name), name)
        if self.payee_ref and self.destination_ref:
            raise ValueError("payee_ref and destination_ref are two ways to pass money on: give one")
        if self.promo_ref is not None and (reference(self.promo_ref, "promo_ref") and self.amount_minor is None):
            raise ValueError("promo_ref needs amount_minor")
        if self.expires_in_s is not None and not 1800 <= self.expires_in_s <= 86_400:
            raise ValueError("expires_in_s must be 1800 to 86400")

    def _check_price(self) -> None:
        if not 0 < self.quantity <= 1000:
            raise ValueError("quantity must be 1 to 1000")
        if self.mode == "setup":
            if self.amount_minor is not None or self.price_ref is not None:
                raise ValueError("amount_minor and price_ref are for other modes than setup")
            return
        if (self.amount_minor is None) == (self.price_ref is None):
            raise ValueError("amount_minor or price_ref must be given, not both")
        if self.amount_minor is not None:
            amount(self.amount_minor, self.currency or "")
            if self.mode == "subscription" and self.interval is None:
                raise ValueError("interval is needed for a subscription without price_ref")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The account, which may refuse it, the customer and the request."""
        if self.customer_ref:
            yield "customer", self.source, self.customer_ref
        if self.destination_ref:
            yield "account", self.source, self.destination_ref
        yield "checkout_request", self.source, self.reference
        if self.promo_ref:
            yield "promo_redemption", "bursar", self.promo_ref


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireCheckout(Command):
    """Closes a checkout that nobody has paid. The provider decides: a payer who was quicker has bought."""

    NAME: ClassVar[str] = "billing.checkout.expire.v1"
    RESULT: ClassVar[type] = CheckoutAsked
    REFUSALS: ClassVar[Mapping[str, str]] = {
        "unknown_request": "no checkout was started under this reference at this provider",
        "not_open": "it is completed, or its money is being taken",
    }

    source: _SOURCES
    """The provider."""
    reference: str
    """The checkout's reference."""
    reason: str
    """Why, for the audit."""

    def __post_init__(self) -> None:
        reference(self.reference)
        line(self.reason, "reason")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The request."""
        yield "checkout_request", self.source, self.reference


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmCheckout(Command):
    """The payer is back from the provider's page: asks the provider how his checkout stands, unless it is known to be over. Whether
    this or the provider's webhook comes first makes no difference: what was bought is granted once."""

    NAME: ClassVar[str] = "billing.checkout.confirm.v1"
    RESULT: ClassVar[type] = CheckoutAsked
    REFUSALS: ClassVar[Mapping[str, str]] = {
        "unknown_request": "no checkout was started under this reference at this provider",
        "not_yet_made": "the provider has not made it yet",
    }

    source: _SOURCES
    """The provider."""
    reference: str
    """The checkout's reference."""

    def __post_init__(self) -> None:
        reference(self.reference)

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The request."""
        yield "checkout_request", self.source, self.reference
