"""What providers say about a checkout, and what it was for (PAY-9)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from billing.rules.facts.base import UNSET, Fact, Unset
from billing.rules.facts.named import named, wanted_by


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutFact(Fact):
    """A checkout session (Stripe) or order (PayPal). Names equal the columns of `bursar.checkout`.

    `purpose` is one of `rules.purpose.PURPOSES`; `purpose_ref` is what the payer gets: the enrolment, package or
    registration in the main app's words. `payment_status`: paid, unpaid, failed or no_payment_required.
    """

    AGGREGATE: ClassVar[str] = "checkout"

    status: str | Unset | None = UNSET
    provider_status: str | Unset | None = UNSET
    payment_status: str | Unset | None = UNSET
    mode: str | Unset | None = UNSET
    purpose: str | Unset | None = UNSET
    purpose_ref: str | Unset | None = UNSET
    customer_ref: str | Unset | None = UNSET
    account_ref: str | Unset | None = UNSET
    payment_ref: str | Unset | None = UNSET
    subscription_ref: str | Unset | None = UNSET
    invoice_ref: str | Unset | None = UNSET
    client_reference: str | Unset | None = UNSET
    currency: str | Unset | None = UNSET
    amount_total_minor: int | Unset | None = UNSET
    expires_at: datetime | Unset | None = UNSET
    metadata_: Mapping[str, Any] | Unset | None = UNSET
    provider_created_at: datetime | Unset | None = UNSET

    def references(self) -> Iterator[tuple[str, str]]:
        """The checkout, everything that it brought about, and the request of ours that wanted it."""
        yield self.AGGREGATE, self.external_id
        yield from wanted_by(self.metadata_, "payment_request")
        yield from wanted_by(self.metadata_, "checkout_request")
        yield from named(
            customer=self.customer_ref,
            account=self.account_ref,
            subscription=self.subscription_ref,
            invoice=self.invoice_ref,
            payment=self.payment_ref,
        )
