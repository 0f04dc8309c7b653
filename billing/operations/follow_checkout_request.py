"""Brings a checkout that we started up to date with what its provider shows, and takes an approved order's money once (PAY-18)."""

from __future__ import annotations

from billing.operations.attempt_payment import QUEUE
from billing.operations.move_request import move_request
from billing.operations.start_checkout import lane_of
from billing.operations.unit import UnitOfWork
from billing.rules.request_tag import request_named
from billing.rules.states_charges import CHECKOUT_REQUEST
from models.checkout import Checkout
from models.checkout_request import CheckoutRequest
from models.payment import Payment

_APPROVED = "APPROVED"


def follow_checkout_request(unit: UnitOfWork, checkout: Checkout) -> CheckoutRequest | None:
    """The request that `checkout` names; None if it names none of ours."""
    row = _named(unit, checkout)
    if row is None:
        return None
    if row.status == "completed":
        return row
    row.checkout_ref = checkout.external_id
    row.customer_ref = row.customer_ref or checkout.customer_ref
    about = {"checkout": checkout.external_id, "payment": checkout.payment_ref}
    if checkout.purchase_status == "paid":
        _complete(unit, row, checkout.payment_ref)
    elif checkout.purchase_status == "failed":
        row.completed_at, row.url = unit.now, None
        row.failure_code = row.failure_code or "payment_failed"
        move_request(unit, row, CHECKOUT_REQUEST, "failed", **about)
    elif checkout.status == "expired":
        row.completed_at, row.url = unit.now, None
        move_request(unit, row, CHECKOUT_REQUEST, "expired", **about)
    elif row.status in ("pending", "open"):
        agreed = checkout.status == "complete" or may_capture(checkout)
        move_request(unit, row, CHECKOUT_REQUEST, "approved" if agreed else "open", **about)
        if may_capture(checkout):
            capture_order(unit, row)
    return row


def capture_order(unit: UnitOfWork, row: CheckoutRequest) -> None:
    """Take an approved order's money: once, by its key, however often the approval is told."""
    row.attempt = (row.attempt or 0) + 1
    unit.submit(
        "order.capture", row, values={"order_ref": row.checkout_ref}, queue=QUEUE, lane=lane_of(row), attempt=row.attempt
    )


def follow_checkout_payment(unit: UnitOfWork, payment: Payment) -> CheckoutRequest | None:
    """The request that a payment names, completed if it succeeded: the checkout's own event may come later, or never."""
    row = _named(unit, payment)
    if row is not None and payment.status == "succeeded" and payment.confirmed is not False:
        _complete(unit, row, payment.external_id)
    return row


def _named(unit: UnitOfWork, told: Checkout | Payment) -> CheckoutRequest | None:
    named = request_named(told.metadata_)
    if named is None or named.request_type != CheckoutRequest.NAME:
        return None
    row = unit.row(CheckoutRequest, told.source, named.reference)
    return None if row.incomplete else row


def _complete(unit: UnitOfWork, row: CheckoutRequest, payment_ref: str | None) -> None:
    row.payment_ref = row.payment_ref or payment_ref
    row.url = row.failure_code = row.failure_message = None
    if move_request(unit, row, CHECKOUT_REQUEST, "completed", payment=payment_ref, amount_minor=row.amount_minor, currency=row.currency):
        row.completed_at = unit.now


def may_capture(checkout: Checkout) -> bool:
    """Only on PayPal's own word: a webhook's body, which could be forged, never says how the payment stands."""
    return checkout.source == "paypal" and checkout.provider_status == _APPROVED and checkout.payment_status == "unpaid"
