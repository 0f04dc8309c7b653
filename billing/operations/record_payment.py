"""Records what a provider said about a payment as a whole."""

from __future__ import annotations

from billing.operations.apply_fact import apply_fact
from billing.operations.converge_payment import converge_payment
from billing.operations.link import link
from billing.operations.unit import UnitOfWork
from billing.rules.facts.payment import PaymentFact
from models.payment import Payment


def record_payment(unit: UnitOfWork, fact: PaymentFact) -> Payment:
    """Merge the payment, link what it pays for, and bring its outcome up to date."""
    row = unit.row(Payment, fact.source, fact.external_id)
    apply_fact(unit, row, fact)
    link(
        unit,
        row,
        customer=row.customer_ref or (row.adopted or {}).get("customer_ref"),
        invoice=row.invoice_ref,
        subscription=row.subscription_ref,
        account=row.account_ref,
    )
    converge_payment(unit, row)
    return row
