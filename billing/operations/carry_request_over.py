"""Ends a payment request that is too small to charge: the customer's balance owes it, and what it pays for counts as paid (PAY-17)."""

from __future__ import annotations

from billing.operations.carry_over import carry
from billing.operations.fulfil_payment import Purchase, fulfil_payment
from billing.operations.move_request import move_request
from billing.operations.unit import UnitOfWork
from billing.rules.states_charges import PAYMENT_REQUEST
from models.payment_request import PaymentRequest


def carry_request_over(unit: UnitOfWork, row: PaymentRequest) -> None:
    """Nothing is called; the next charge of this customer and currency takes it along."""
    carry(unit, row)
    row.completed_at = unit.now
    move_request(unit, row, PAYMENT_REQUEST, "carried_over", amount_minor=row.amount_minor, currency=row.currency)
    key = f"{row.NAME}:{row.external_id}"
    fulfil_payment(unit, Purchase(
        source=row.source, key=key, purpose=row.purpose, purpose_ref=row.purpose_ref, customer_ref=row.customer_ref, request=key,
        promo_ref=row.promo_ref, amount_minor=row.amount_minor, currency=row.currency,
    ))  # fmt: skip
