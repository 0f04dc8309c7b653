"""Records one try to take a payment's money, and what it means for the payment."""

from __future__ import annotations

from billing.operations.apply_fact import apply_fact
from billing.operations.derive_refunded import derive_refunded, released
from billing.operations.follow_charge import follow_charge
from billing.operations.link import link
from billing.operations.post_charge import post_charge
from billing.operations.post_refund import post_refund
from billing.operations.unit import UnitOfWork
from billing.rules.facts.payment import ChargeFact
from models.charge import Charge
from models.refund import Refund


def record_charge(unit: UnitOfWork, fact: ChargeFact) -> Charge:
    """Merge the charge; its payment's outcome and both refunded amounts follow.

    The charge's failure code and message reach the payment (INBOX-13); its success is the payment's (PAY-1).
    """
    row = unit.row(Charge, fact.source, fact.external_id)
    apply_fact(unit, row, fact)
    link(
        unit, row, payment=row.payment_ref, customer=row.customer_ref, invoice=row.invoice_ref, account=row.account_ref
    )
    derive_refunded(row, row.amount_refunded_minor)
    follow_charge(unit, row, fact.payment_ref)
    post_charge(unit, row)
    if released(row):
        for reference in row.refund_shares or {}:  # one of them may have been booked before this was known
            post_refund(unit, unit.row(Refund, row.source, reference))
    return row
