"""Records one try to take a payment's money, and what it means for the payment."""

from __future__ import annotations

from billing.operations.apply_fact import apply_fact
from billing.operations.converge_payment import converge_payment
from billing.operations.derive_refunded import derive_refunded
from billing.operations.link import link
from billing.operations.unit import UnitOfWork
from billing.rules.facts.payment import ChargeFact
from billing.rules.instants import iso
from models.charge import Charge
from models.payment import Payment


def record_charge(unit: UnitOfWork, fact: ChargeFact) -> Charge:
    """Merge the charge; its payment's outcome and both refunded amounts follow.

    The charge's failure code and message reach the payment (INBOX-13); its success is the payment's (PAY-1).
    """
    row = unit.row(Charge, fact.source, fact.external_id)
    apply_fact(unit, row, fact)
    link(
        unit, row, payment=row.payment_ref, customer=row.customer_ref, invoice=row.invoice_ref, account=row.account_ref
    )
    derive_refunded(unit, row)
    if row.payment_ref:
        outcome = {
            "status": row.status,
            "at": iso(row.provider_created_at),
            "captured_minor": row.amount_captured_minor if row.amount_captured_minor is not None else row.amount_minor,
            "failure_code": row.failure_code,
            "failure_message": row.failure_message,
            "decline_code": row.decline_code,
        }
        converge_payment(unit, unit.row(Payment, row.source, row.payment_ref), {row.external_id: outcome})
    return row
