"""Records a checkout and routes it by its declared purpose (PAY-9)."""

from __future__ import annotations

from billing.operations.apply_fact import apply_fact
from billing.operations.follow_checkout_request import follow_checkout_request
from billing.operations.follow_order import follow_order
from billing.operations.fulfil_payment import follow_checkout
from billing.operations.link import link
from billing.operations.unit import UnitOfWork
from billing.rules.facts.checkout import CheckoutFact
from billing.rules.purpose import purchase_status
from models.checkout import Checkout


def record_checkout(unit: UnitOfWork, fact: CheckoutFact) -> Checkout:
    """Merge the checkout, link what it brought about, and say whether its purchase is paid, pending or expired.

    `purpose`, `purpose_ref` and `purchase_status` are what a purpose's own verb delivers by: the row turns `paid` once,
    audited, and never back.
    """
    row = unit.row(Checkout, fact.source, fact.external_id)
    before = row.purchase_status
    apply_fact(unit, row, fact)
    link(
        unit,
        row,
        customer=row.customer_ref,
        account=row.account_ref,
        subscription=row.subscription_ref,
        invoice=row.invoice_ref,
        payment=row.payment_ref,
    )
    after = purchase_status(row.status, row.payment_status)
    if after != before:
        row.purchase_status = after
        was = None if before is None else {"purchase_status": before}
        about = {
            "purpose": row.purpose,
            "purpose_ref": row.purpose_ref,
            "amount_minor": row.amount_total_minor,
            "currency": row.currency,
        }
        unit.audit("checkout.purchase", Checkout.NAME, row.id, before=was, after={"purchase_status": after, **about})
    follow_order(unit, row)
    follow_checkout(unit, row, follow_checkout_request(unit, row))
    return row
