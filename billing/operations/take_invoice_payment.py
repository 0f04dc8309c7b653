"""Takes money that came for one of our own invoices, whatever has become of that invoice meanwhile: none is ever dropped (INV-13).

What is more than was owed, and what came for an invoice that is paid already, is the subscriber's credit. What came for an invoice
that is void pays a new one for the same things, since the customer wanted them and has paid; the void one stays void.
"""

from __future__ import annotations

from typing import cast

from billing.operations.credit_document import REPLACED_BY, credit_later
from billing.operations.issue_invoice import Draft, InvoiceType, Line, issue_invoice
from billing.operations.settle_invoice import settle_invoice
from billing.operations.surplus import give_surplus, keep_part
from billing.operations.unit import UnitOfWork
from billing.rules.invoice_life import late_reference
from billing.rules.tax.sold_as import kept_as
from models.base import OWN_SOURCE
from models.fulfilment import Fulfilment
from models.invoice import Invoice
from models.payment_request import PaymentRequest
from models.subscriber import Subscriber

ENDED = frozenset({"void", "uncollectible"})
REISSUED = frozenset({"credit_package", "custom", "event", "course"})
"""Types whose things can still be delivered after the invoice has ended; a period of an ended subscription cannot."""


def take_invoice_payment(unit: UnitOfWork, row: Fulfilment) -> None:
    """Part of the one convergence: called once per payment, when its fulfilment is granted."""
    invoice = unit.row(Invoice, OWN_SOURCE, row.purpose_ref or "")
    if invoice.incomplete:
        return
    unit.row(Subscriber, OWN_SOURCE, invoice.subscriber_ref or "")
    paid = (row.amount_minor or 0) - _carried(unit, row)
    if row.currency == invoice.currency:
        if invoice.status in ENDED and invoice.invoice_type in REISSUED and paid >= (invoice.total_minor or 0):
            invoice = _reissue(unit, invoice, row)
        if invoice.status == "pending":
            paid -= _pay(unit, invoice, paid, row)
    if paid > 0:
        give_surplus(unit, row, invoice.subscriber_ref or "", paid, f"paid for {invoice.external_id}, which needed less")


def _carried(unit: UnitOfWork, row: Fulfilment) -> int:
    """What the payment took along from amounts that had been too small to charge (PAY-17): it paid for those."""
    kind, _, reference = (row.request or "").partition(":")
    if kind != PaymentRequest.NAME or row.payment_ref is None:
        return 0
    return unit.row(PaymentRequest, row.source, reference).carried_minor or 0


def _pay(unit: UnitOfWork, invoice: Invoice, paid: int, row: Fulfilment) -> int:
    """What of it the invoice took; a part leaves it pending."""
    payment_ref = row.payment_ref
    remaining, before = invoice.amount_remaining_minor or 0, invoice.amount_paid_minor or 0
    if paid >= remaining:
        settle_invoice(unit, invoice, paid_minor=before + remaining, because="payment", payment_ref=payment_ref)
        return remaining
    invoice.amount_paid_minor, invoice.amount_remaining_minor = before + paid, remaining - paid
    keep_part(row, invoice, paid)
    after = {"amount_paid_minor": before + paid, "amount_remaining_minor": remaining - paid, "currency": invoice.currency}
    unit.audit("invoice.part_paid", Invoice.NAME, invoice.id, before={"amount_paid_minor": before}, after=after | {"payment": payment_ref})
    return paid


def _reissue(unit: UnitOfWork, ended: Invoice, row: Fulfilment) -> Invoice:
    """A new invoice for the same, to be paid by this money."""
    lines = [
        Line(
            amount_minor=one["amount_minor"], description=one["description"], quantity=one["quantity"], sold_as=kept_as(one.get("sold_as")),
        )
        for one in ended.lines or []
    ]
    draft = Draft(
        reference=late_reference(ended.external_id, row.external_id), invoice_type=cast("InvoiceType", ended.invoice_type),
        subscriber_ref=ended.subscriber_ref or "", currency=ended.currency or "",
        billing_reason=ended.billing_reason or "manual", due_at=unit.now, collection="manual",
        lines=lines,
        discount_minor=ended.discount_minor or 0, product_ref=ended.product_ref, package_credits=ended.package_credits,
        reason=f"paid after {ended.external_id} was {ended.status}", metadata={"replaces": ended.external_id},
    )  # fmt: skip
    if ended.status == "uncollectible":  # a void one was taken back when it ended
        ended.metadata_ = {**(ended.metadata_ or {}), REPLACED_BY: draft.reference}
        credit_later(unit, ended)
    return issue_invoice(unit, draft)
