"""What providers say about money that comes in: a payment, and the charges by which it was tried."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from billing.rules.facts.base import UNSET, Fact, Unset
from billing.rules.facts.named import named, wanted_by
from billing.rules.request_tag import SUBSCRIBER


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFact(Fact):
    """A payment: Stripe's PaymentIntent, or a lone charge, capture or sale under its own id. Names equal `bursar.payment`.

    `intent_status` is what the provider says of the payment as a whole, in our words (`states.PAYMENT`); the row's
    `status` follows from it and from the charges. `intent_failure_*` is the provider's last error on the payment
    (INBOX-13). `confirmed`: the newest word on the payment came in a strongly signed body or from the provider's API;
    False for PayPal's weakly signed body, until it has been looked up. Not by maximum: else a forged second event could
    change the amount of a payment that was confirmed with another one. `purpose` is what the payer's checkout declared
    (PAY-9).
    """

    AGGREGATE: ClassVar[str] = "payment"

    kind: str | Unset | None = UNSET
    intent_status: str | Unset | None = UNSET
    provider_status: str | Unset | None = UNSET
    amount_minor: int | Unset | None = UNSET
    intent_received_minor: int | Unset | None = UNSET
    currency: str | Unset | None = UNSET
    application_fee_minor: int | Unset | None = UNSET
    processor_fee_minor: int | Unset | None = UNSET
    customer_ref: str | Unset | None = UNSET
    invoice_ref: str | Unset | None = UNSET
    subscription_ref: str | Unset | None = UNSET
    account_ref: str | Unset | None = UNSET
    payment_method_ref: str | Unset | None = UNSET
    latest_charge_ref: str | Unset | None = UNSET
    order_ref: str | Unset | None = UNSET
    transfer_destination_ref: str | Unset | None = UNSET
    intent_failure_code: str | Unset | None = UNSET
    intent_failure_message: str | Unset | None = UNSET
    intent_decline_code: str | Unset | None = UNSET
    cancellation_reason: str | Unset | None = UNSET
    cancelled_at: datetime | Unset | None = UNSET
    confirmed: bool | Unset | None = UNSET
    purpose: str | Unset | None = UNSET
    metadata_: Mapping[str, Any] | Unset | None = UNSET
    provider_created_at: datetime | Unset | None = UNSET

    def references(self) -> Iterator[tuple[str, str]]:
        """The payment, its customer, account, subscription and invoice, and the request of ours that wanted it."""
        yield self.AGGREGATE, self.external_id
        yield from wanted_by(self.metadata_, "payment_request")
        yield from wanted_by(self.metadata_, "checkout_request")
        yield from named(
            customer=self.customer_ref,
            account=self.account_ref,
            subscription=self.subscription_ref,
            invoice=self.invoice_ref,
        )

    def own_references(self) -> Iterator[tuple[str, str]]:
        """Whose own invoice it pays: he is locked before anything of his."""
        if not isinstance(self.metadata_, Unset):
            yield from named(subscriber=(self.metadata_ or {}).get(SUBSCRIBER))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeFact(Fact):
    """One try to take money: Stripe's charge, PayPal's capture or sale. Names equal the columns of `bursar.charge`.

    `payment_ref` is its payment; a lone charge's is its own id. `amount_refunded_minor` is cumulative and merges by
    maximum; how much really went back is `refunded.py`'s rule. `status` is one of `states.CHARGE`.
    """

    AGGREGATE: ClassVar[str] = "charge"
    MAXIMA: ClassVar[frozenset[str]] = frozenset({"amount_refunded_minor"})

    status: str | Unset | None = UNSET
    provider_status: str | Unset | None = UNSET
    amount_minor: int | Unset | None = UNSET
    amount_captured_minor: int | Unset | None = UNSET
    amount_refunded_minor: int | Unset | None = UNSET
    currency: str | Unset | None = UNSET
    captured: bool | Unset | None = UNSET
    disputed: bool | Unset | None = UNSET
    payment_ref: str | Unset | None = UNSET
    customer_ref: str | Unset | None = UNSET
    invoice_ref: str | Unset | None = UNSET
    account_ref: str | Unset | None = UNSET
    payment_method_ref: str | Unset | None = UNSET
    balance_transaction_ref: str | Unset | None = UNSET
    transfer_ref: str | Unset | None = UNSET
    source_transfer_ref: str | Unset | None = UNSET
    application_fee_ref: str | Unset | None = UNSET
    application_fee_minor: int | Unset | None = UNSET
    failure_code: str | Unset | None = UNSET
    failure_message: str | Unset | None = UNSET
    decline_code: str | Unset | None = UNSET
    risk_level: str | Unset | None = UNSET
    method_kind: str | Unset | None = UNSET
    metadata_: Mapping[str, Any] | Unset | None = UNSET
    provider_created_at: datetime | Unset | None = UNSET

    def references(self) -> Iterator[tuple[str, str]]:
        """The charge, its payment, customer, account and invoice, and the request of ours, whose tag Stripe copies from the payment."""
        yield self.AGGREGATE, self.external_id
        yield from wanted_by(self.metadata_, "payment_request")
        yield from wanted_by(self.metadata_, "checkout_request")
        yield from named(
            payment=self.payment_ref, customer=self.customer_ref, account=self.account_ref, invoice=self.invoice_ref
        )
