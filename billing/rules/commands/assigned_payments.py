"""The command by which a person says what money was for that came without a purpose (RECON-8, PAY-9)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from billing.rules.commands.base import Command, line
from billing.rules.commands.payments import Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentAssigned:
    """What it is for now."""

    payment: str
    """Bursar's public id of the payment."""
    purpose: str
    """What it is for."""
    fulfilment: str
    """Bursar's public id of what was granted."""
    status: str
    """`granted`; `revoked` while a dispute of it is lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignPayment(Command):
    """Somebody has found out what a payment was for that nobody declared a purpose of, such as one that was adopted without one: what
    was paid for is granted, as for any payment, and what stood as the payer's (`unapplied`) is earned. Said once; a bank transfer is
    handed in again with its purpose instead."""

    NAME: ClassVar[str] = "billing.payments.assign.v1"
    RESULT: ClassVar[type] = PaymentAssigned
    REFUSALS: ClassVar[Mapping[str, str]] = {
        "unknown_payment": "no payment of this id was told of at this provider",
        "not_paid": "it has not succeeded, or PayPal was not asked yet; `details.current` says how it stands",
        "has_purpose": "it has a purpose already, or pays a provider's invoice or subscription (`details.current`)",
        "requested": "a request of the app's has asked for it, which says what it is for (`details.current`)",
        "money_went_back": "nothing of it is left here",
        "unknown_customer": "that customer is not known at the provider, or none is named and the payment names none",
        "other_customer": "the payment is another customer's (`details.current`)",
        "unknown_invoice": "no invoice of ours has this reference",
    }

    source: Literal["stripe", "paypal"]
    """The provider."""
    payment_ref: str
    """The provider's id of the payment: `pi_...`, or a lone charge's; PayPal's capture or sale."""
    purpose: Purpose
    """What it was for."""
    reason: str
    """What was found out; it stands in the audit."""
    purpose_ref: str | None = None
    """Which enrolment, package, registration or invoice of ours; the last one needs it."""
    customer_ref: str | None = None
    """The provider's id of the customer; null: the payment's own."""

    def __post_init__(self) -> None:
        line(self.payment_ref, "payment_ref")
        line(self.reason, "reason")
        for name in ("purpose_ref", "customer_ref"):
            value = getattr(self, name)
            if value is not None:
                line(value, name)
        if self.purpose == "invoice" and self.purpose_ref is None:
            raise ValueError("purpose_ref is needed: which invoice")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The customer. The payment comes after the subscriber whose invoice it may pay, whom only the invoice names."""
        if self.customer_ref is not None:
            yield "customer", self.source, self.customer_ref
