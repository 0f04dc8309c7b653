"""Brings a payment that a payer approves at PayPal up to date with its order, and takes the approved money once (PAY-18, PAY-2).

An order takes nothing by itself: what we do not capture stays with the payer. So an order of an attempt before, or of a request that
was given up, is left alone, however often it is approved.
"""

from __future__ import annotations

from billing.operations.attempt_payment import PAYPAL, QUEUE, lane_of
from billing.operations.follow_checkout_request import may_capture
from billing.operations.follow_payment_request import fail_or_move
from billing.operations.look_at_payment import look_at_payment
from billing.operations.unit import UnitOfWork
from billing.rules.facts.answer import AnswerFact
from billing.rules.request_tag import request_named
from models.checkout import Checkout
from models.payment import Payment
from models.payment_request import PaymentRequest
from providers.paypal import paths

_WAITS = frozenset({"pending", "requires_action"})


def follow_order(unit: UnitOfWork, order: Checkout) -> None:
    """Told of an order: its newest attempt's approval is captured, under a key of its own, on PayPal's own word only."""
    named = request_named(order.metadata_)
    if order.source != PAYPAL or named is None or named.request_type != PaymentRequest.NAME:
        return
    row = unit.row(PaymentRequest, order.source, named.reference)
    if row.incomplete or row.status == "succeeded":
        return
    if order.purchase_status == "paid" and order.payment_ref:
        payment = unit.row(Payment, order.source, order.payment_ref)
        if payment.status != "succeeded" or payment.confirmed is not True:
            look_at_payment(unit, payment, f"order:{order.external_id}")  # the capture's own event may come later, or never
        return
    if named.attempt != row.attempt:
        return
    row.order_ref = order.external_id
    if row.status not in _WAITS:
        return
    if may_capture(order):
        fail_or_move(unit, row, "processing")
        values = {"order_ref": row.order_ref}
        unit.submit("order.capture", row, values=values, queue=QUEUE, lane=lane_of(row), attempt=row.attempt or 1)
    elif order.status == "expired":
        row.failure_code, row.failure_message = "order_voided", "PayPal has closed the order, or the payer took his approval back"
        fail_or_move(unit, row, "failed")


def answer_order(unit: UnitOfWork, row: PaymentRequest, fact: AnswerFact) -> None:
    """The order of the newest attempt is made: the payer has to go to its page."""
    row.order_ref = row.order_ref or fact.object_ref
    if row.status in _WAITS:
        row.url = fact.url or row.url
        fail_or_move(unit, row, "requires_action")


def look_at_order(unit: UnitOfWork, row: PaymentRequest, key: str) -> None:
    """Ask PayPal how the order stands; what it answers is followed like any news of it."""
    lane = f"{row.source}:{row.order_ref}"
    payload = {"kind": "order", "id": row.order_ref, "account": None, "lane": lane, "path": paths.path("order", row.order_ref or "")}
    unit.send(f"{row.source}.fetch", f"order:{row.order_ref}:{key}", payload, queue=QUEUE, lane=lane)
