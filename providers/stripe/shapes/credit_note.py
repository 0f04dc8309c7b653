"""Stripe's credit notes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from billing.rules.facts.base import UNSET, Unset
from billing.rules.facts.credit_note import CreditNoteFact
from billing.rules.facts.event import Event
from billing.rules.states_money_out import CREDIT_NOTE
from providers import fields
from providers.stripe.shapes import reading as read


def credit_note(event: Event) -> CreditNoteFact:
    """The credit note that the event's object is."""
    obj = event.object
    said = fields.optional(obj, "status") or "issued"
    status = CREDIT_NOTE.read(said)
    return CreditNoteFact(
        source=event.source,
        external_id=fields.needed(obj, "id"),
        version=read.version(event, CREDIT_NOTE, status),
        number=fields.text(obj, "number"),
        kind=fields.text(obj, "type"),
        status=status,
        provider_status=said,
        reason=fields.text(obj, "reason"),
        currency=read.currency(obj),
        amount_minor=fields.whole(obj, "total" if "total" in obj else "amount"),
        subtotal_minor=fields.whole(obj, "subtotal"),
        tax_minor=_tax(obj),
        pre_payment_minor=fields.whole(obj, "pre_payment_amount"),
        post_payment_minor=fields.whole(obj, "post_payment_amount"),
        out_of_band_minor=fields.whole(obj, "out_of_band_amount"),
        refund_refs=_refunds(obj),
        invoice_ref=read.ref(obj, "invoice"),
        customer_ref=read.ref(obj, "customer"),
        account_ref=event.account,
        metadata_=read.metadata(obj),
        provider_created_at=read.instant(obj, "created"),
        voided_at=read.instant(obj, "voided_at"),
    )


def _tax(obj: Mapping[str, Any]) -> int | Unset | None:
    for name in ("total_taxes", "taxes", "tax_amounts"):  # `tax_amounts` until basil (2025-03-31)
        if isinstance(obj.get(name), list):
            amounts = [fields.whole(item, "amount") for item in fields.items(obj, name)]
            return sum(amount for amount in amounts if isinstance(amount, int))
    return UNSET


def _refunds(obj: Mapping[str, Any]) -> list[Any] | Unset:
    if "refunds" in obj:
        found = [read.ref(item, "refund") for item in read.listed(obj, "refunds")]
    elif "refund" in obj:  # one at most, until 2025
        found = [read.ref(obj, "refund")]
    else:
        return UNSET
    return [one for one in found if isinstance(one, str)]
