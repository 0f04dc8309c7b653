"""Stripe's invoices of all API versions -> facts (subscription, tax, payment and line fields moved in 2025-03-31.basil)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from billing.rules.facts.base import UNSET, Unset
from billing.rules.facts.event import Event
from billing.rules.facts.invoice import InvoiceFact
from billing.rules.facts.payment import PaymentFact
from billing.rules.instants import iso
from billing.rules.states import INVOICE
from providers import fields
from providers.stripe.shapes import money_in
from providers.stripe.shapes import reading as read

_BY_EVENT = {
    "invoice.paid": "paid",
    "invoice.payment_succeeded": "paid",
    "invoice.voided": "void",
    "invoice.marked_uncollectible": "uncollectible",
    "invoice.deleted": "void",
}


def invoice(event: Event) -> InvoiceFact:
    """The invoice; a deleted draft counts as void, because it will never be owed."""
    obj = event.object
    said, status = _status(event)
    tries = fields.whole(obj, "attempt_count")
    moved = fields.mapping(obj, "status_transitions")
    return InvoiceFact(
        source=event.source,
        external_id=fields.needed(obj, "id"),
        version=money_in.status_version(event, INVOICE, status, tries=tries if isinstance(tries, int) else 0),
        status=status,
        provider_status=said,
        number=fields.text(obj, "number"),
        customer_ref=money_in.customer_of(obj),
        subscription_ref=money_in.first(
            read.ref(obj, "subscription"), money_in.ref_at(obj, "parent", "subscription_details", "subscription")
        ),
        account_ref=event.account or UNSET,
        payment_ref=money_in.first(
            read.ref(obj, "payment_intent"), _paid_by(obj, "payment_intent"), read.ref(obj, "charge")
        ),
        charge_ref=money_in.first(read.ref(obj, "charge"), _paid_by(obj, "charge")),
        currency=read.currency(obj),
        subtotal_minor=fields.whole(obj, "subtotal"),
        tax_minor=_tax(obj),
        total_minor=fields.whole(obj, "total"),
        amount_due_minor=fields.whole(obj, "amount_due"),
        amount_paid_minor=fields.whole(obj, "amount_paid"),
        amount_remaining_minor=fields.whole(obj, "amount_remaining"),
        billing_reason=fields.text(obj, "billing_reason"),
        collection_method=money_in.first(fields.text(obj, "collection_method"), fields.text(obj, "billing")),
        attempt_count=tries,
        next_payment_attempt_at=read.instant(obj, "next_payment_attempt"),
        paid_out_of_band=read.flag(obj, "paid_out_of_band"),
        due_at=read.instant(obj, "due_date"),
        period_start=read.instant(obj, "period_start"),
        period_end=read.instant(obj, "period_end"),
        finalized_at=read.instant(moved, "finalized_at") if moved else read.instant(obj, "finalized_at"),
        paid_at=read.instant(moved, "paid_at"),
        voided_at=read.instant(moved, "voided_at"),
        marked_uncollectible_at=read.instant(moved, "marked_uncollectible_at"),
        deleted_at=event.occurred_at if event.type == "invoice.deleted" else UNSET,
        finalization_error=fields.text(fields.mapping(obj, "last_finalization_error"), "code"),
        lines=[_line(line) for line in read.listed(obj, "lines")] if "lines" in obj else UNSET,
        metadata_=read.metadata(obj),
        provider_created_at=read.instant(obj, "created") if "created" in obj else read.instant(obj, "date"),
    )


def _status(event: Event) -> tuple[str, str]:
    """(provider's word, ours). Before 2018-11-08 invoices had `paid`, `closed` and `forgiven` instead of a status."""
    obj = event.object
    said = fields.optional(obj, "status")
    if said is not None and event.type != "invoice.deleted":
        return said, INVOICE.read(said)
    if event.type in _BY_EVENT:
        return said or event.type, _BY_EVENT[event.type]
    if obj.get("paid") is True:
        return "paid", "paid"
    if obj.get("forgiven") is True:
        return "forgiven", "uncollectible"
    # `closed` said no more than that it is not collected by itself; it could be opened again and be paid.
    return ("closed" if obj.get("closed") is True else "open"), "pending"


def _paid_by(obj: read.Json, kind: str) -> money_in.Text:
    """The payment behind a paid invoice, from the expanded list `payments`: the default one, else the last."""
    held = [
        payment for payment in read.listed(obj, "payments") if fields.mapping(payment, "payment").get("type") == kind
    ]
    chosen = [payment for payment in held if payment.get("is_default") is True] or held
    return read.ref(fields.mapping(chosen[-1], "payment"), kind) if chosen else UNSET


def _tax(obj: read.Json) -> int | Unset | None:
    if "tax" in obj:
        return fields.whole(obj, "tax")
    for name in ("total_taxes", "total_tax_amounts"):
        if name in obj:
            return money_in.total(fields.whole(part, "amount") for part in fields.items(obj, name))
    return UNSET


def _line(line: read.Json) -> dict[str, Any]:
    """A line of any version: price, proration and subscription lie in other places since basil."""
    price = (
        fields.mapping(line, "price")
        if isinstance(line.get("price"), dict)
        else fields.mapping(line, "plan")
        if isinstance(line.get("plan"), dict)
        else {}
    )
    details = fields.mapping(fields.mapping(line, "pricing"), "price_details")
    parent = fields.mapping(line, "parent")
    item = fields.mapping(parent, "subscription_item_details") or fields.mapping(parent, "invoice_item_details")
    period = fields.mapping(line, "period")
    proration = line.get("proration") if "proration" in line else item.get("proration")
    plain = {
        "id": fields.text(line, "id"),
        "amount_minor": fields.whole(line, "amount"),
        "currency": read.currency(line),
        "quantity": fields.whole(line, "quantity"),
        "description": fields.text(line, "description"),
        "price_ref": money_in.first(read.ref(details, "price"), fields.text(price, "id")),
        "product_ref": money_in.first(read.ref(details, "product"), read.ref(price, "product")),
        "subscription_ref": money_in.first(read.ref(line, "subscription"), read.ref(item, "subscription")),
    }
    start, end = read.instant(period, "start"), read.instant(period, "end")
    return {name: None if value is UNSET else value for name, value in plain.items()} | {
        "proration": proration is True,
        "period_start": iso(start) if isinstance(start, datetime) else None,
        "period_end": iso(end) if isinstance(end, datetime) else None,
    }


def invoice_payment(event: Event) -> list[PaymentFact]:
    """`invoice_payment.paid`: which payment paid an invoice, the link that charges and intents no longer carry since basil."""
    obj = event.object
    payment = fields.mapping(obj, "payment")
    reference = money_in.first(read.ref(payment, "payment_intent"), read.ref(payment, "charge"))
    if not isinstance(reference, str):
        return []
    return [
        PaymentFact(
            source=event.source,
            external_id=reference,
            version=money_in.version(event),
            invoice_ref=read.ref(obj, "invoice"),
            account_ref=event.account or UNSET,
        )
    ]
