"""One attempt of a payment request: a payment of its own at the provider, under a key of its own (PAY-2)."""

from __future__ import annotations

from typing import Any

from billing.operations.move_request import move_request
from billing.operations.unit import UnitOfWork
from billing.rules.purpose import declaration
from billing.rules.request_tag import SUBMISSION, SUBSCRIBER
from billing.rules.states_charges import PAYMENT_REQUEST
from models.payment_request import PaymentRequest

QUEUE = "payments"
PAYPAL = "paypal"


def attempt_payment(unit: UnitOfWork, row: PaymentRequest) -> None:
    """Ask the provider for the request's next payment. To be called only where the one before surely takes nothing any more."""
    row.attempt = (row.attempt or 0) + 1
    row.payment_ref = row.order_ref = row.url = None
    row.retry_wanted = False
    row.failure_code = row.failure_message = row.decline_code = None
    about = {"attempt": row.attempt, "charge_minor": row.charge_minor, "currency": row.currency}
    move_request(unit, row, PAYMENT_REQUEST, "pending", **about)
    if row.source == PAYPAL:
        unit.submit("order.create", row, values=_order(row), queue=QUEUE, lane=lane_of(row), attempt=row.attempt)
        return
    unit.submit("payment_intent.create", row, values=_values(row), queue=QUEUE, lane=lane_of(row), attempt=row.attempt)


def stop_attempt(unit: UnitOfWork, row: PaymentRequest) -> None:
    """Ask the provider to cancel the present attempt's payment: it says whether it still could."""
    values = {"payment_ref": row.payment_ref}
    unit.submit("payment_intent.cancel", row, values=values, queue=QUEUE, lane=lane_of(row), attempt=row.attempt or 1)


def lane_of(row: PaymentRequest) -> str:
    """The customer's lane at the provider, in which his other events run too; the request's own while nobody knows who pays."""
    return f"{row.source}:{row.customer_ref or row.external_id}"


def _values(row: PaymentRequest) -> dict[str, Any]:
    metadata = declaration(row.purpose, row.purpose_ref) | ({"bursar_invoice": row.invoice_ref} if row.invoice_ref else {})
    metadata |= {SUBSCRIBER: row.subscriber_ref} if row.subscriber_ref else {}
    return {
        "amount_minor": row.charge_minor,
        "currency": row.currency,
        "customer_ref": row.customer_ref,
        "payment_method_ref": row.payment_method_ref,
        "description": row.description,
        "application_fee_minor": (row.application_fee_minor or None) if row.destination_ref else None,
        "transfer_destination_ref": row.destination_ref,
        "confirm": True,
        "off_session": True if row.off_session else None,
        "return_url": row.return_url,
        "params": {"metadata": metadata, **_methods(row)},
    }


def _order(row: PaymentRequest) -> dict[str, Any]:
    """What it is for stands in the request, which the order names; the capture tells the attempt, which no other call does."""
    metadata = {SUBMISSION: str(row.attempt)} | ({SUBSCRIBER: row.subscriber_ref} if row.subscriber_ref else {})
    names = {"amount_minor": row.charge_minor, "currency": row.currency, "description": row.description}
    return {**names, "return_url": row.return_url, "cancel_url": row.return_url, "metadata": metadata}


def _methods(row: PaymentRequest) -> dict[str, Any]:
    """Without an address to come back to, methods that send the payer away cannot be used."""
    return {"automatic_payment_methods": {"enabled": True, "allow_redirects": "always" if row.return_url else "never"}}
