"""Which Stripe event carries which object, in which state."""

from __future__ import annotations

from typing import Any

from providers.sandbox.stripe_objects import (
    AMOUNT,
    Builder,
    Made,
    account,
    bank_account,
    charge,
    checkout_session,
    credit_note,
    customer,
    dispute,
    invoice,
    payment_intent,
    payment_method,
    payout,
    price,
    product,
    refund,
    setup_intent,
    subscription,
    tax_id,
    transfer,
)

_PAID = {"status": "paid", "amount_paid": AMOUNT, "amount_remaining": 0, "attempt_count": 1, "attempted": True}
_DECLINED = {
    "code": "card_declined",
    "decline_code": "insufficient_funds",
    "message": "Your card has insufficient funds.",
    "type": "card_error",
}
_FAILED_CHARGE = {
    "status": "failed",
    "paid": False,
    "captured": False,
    "amount_captured": 0,
    "failure_code": "card_declined",
    "failure_message": "Your card was declined.",
}

BY_TYPE: dict[str, tuple[Builder, dict[str, Any], dict[str, Any]]] = {
    "customer.created": (customer, {}, {}),
    "customer.updated": (customer, {"balance": -500}, {"balance": 0}),
    "customer.deleted": (customer, {"deleted": True}, {}),
    "customer.tax_id.created": (tax_id, {}, {}),
    "customer.tax_id.updated": (
        tax_id,
        {"verification": {"status": "verified"}},
        {"verification": {"status": "pending"}},
    ),
    "customer.subscription.created": (subscription, {}, {}),
    "customer.subscription.updated": (subscription, {"status": "past_due"}, {"status": "active"}),
    "customer.subscription.deleted": (subscription, {"status": "canceled"}, {}),
    "customer.subscription.trial_will_end": (subscription, {"status": "trialing"}, {}),
    "invoice.created": (invoice, {"status": "draft"}, {}),
    "invoice.finalized": (invoice, {}, {}),
    "invoice.updated": (invoice, {}, {"attempt_count": 0}),
    "invoice.paid": (invoice, _PAID, {}),
    "invoice.payment_succeeded": (invoice, _PAID, {}),
    "invoice.payment_failed": (invoice, {"attempt_count": 1, "attempted": True}, {}),
    "invoice.voided": (invoice, {"status": "void"}, {}),
    "invoice.marked_uncollectible": (invoice, {"status": "uncollectible"}, {}),
    "payment_intent.succeeded": (payment_intent, {"status": "succeeded", "amount_received": AMOUNT}, {}),
    "payment_intent.payment_failed": (payment_intent, {"last_payment_error": _DECLINED}, {}),
    "payment_intent.processing": (payment_intent, {"status": "processing"}, {}),
    "payment_intent.canceled": (payment_intent, {"status": "canceled"}, {}),
    "payment_intent.requires_action": (payment_intent, {"status": "requires_action"}, {}),
    "payment_method.attached": (payment_method, {}, {}),
    "payment_method.updated": (payment_method, {}, {"card": {"exp_year": 2029}}),
    "payment_method.detached": (payment_method, {"customer": None}, {"customer": "cus_before"}),
    "setup_intent.succeeded": (setup_intent, {}, {}),
    "charge.succeeded": (charge, {}, {}),
    "charge.failed": (charge, _FAILED_CHARGE, {}),
    "charge.refunded": (charge, {"amount_refunded": 900}, {"amount_refunded": 0}),
    "refund.created": (refund, {"status": "pending"}, {}),
    "refund.updated": (refund, {}, {"status": "pending"}),
    "refund.failed": (refund, {"status": "failed", "failure_reason": "expired_or_canceled_card"}, {}),
    "charge.dispute.created": (dispute, {}, {}),
    "charge.dispute.updated": (dispute, {"status": "under_review"}, {"status": "needs_response"}),
    "charge.dispute.closed": (dispute, {"status": "lost"}, {}),
    "credit_note.created": (credit_note, {}, {}),
    "checkout.session.completed": (checkout_session, {}, {}),
    "checkout.session.expired": (checkout_session, {"status": "expired", "payment_status": "unpaid"}, {}),
    "payout.created": (payout, {"status": "pending"}, {}),
    "payout.paid": (payout, {"status": "paid"}, {}),
    "payout.failed": (
        payout,
        {
            "status": "failed",
            "failure_code": "account_closed",
            "failure_message": "The bank account has been closed.",
        },
        {},
    ),
    "transfer.created": (transfer, {}, {}),
    "transfer.reversed": (transfer, {"amount_reversed": 4000, "reversed": True}, {}),
    "account.updated": (account, {}, {"charges_enabled": False}),
    "account.external_account.created": (bank_account, {}, {}),
    "account.external_account.deleted": (bank_account, {"deleted": True}, {}),
    "product.created": (product, {}, {}),
    "price.created": (price, {}, {}),
}
"""Event type -> (object, what this event's state differs in, what an update says was there before)."""


def object_of(event_type: str, made: Made) -> dict[str, Any]:
    """The object that an event of that type carries."""
    build, differs, previous = BY_TYPE[event_type]
    made.previous = dict(previous)
    body = build(made)
    if event_type == "customer.subscription.deleted":
        body |= {"canceled_at": made.at, "ended_at": made.at}
    return body | differs
