"""Stripe's objects, minimal and of our own making, and which event carries which of them in which state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

MONTH_S = 30 * 86400
_AMOUNT = 4900


@dataclass(slots=True)
class Made:
    """What one sample is made with: its instant (Unix seconds), fresh ids, and what an update says was there before."""

    at: int
    fresh: Callable[[str], str]
    previous: dict[str, Any] = field(default_factory=dict)

    def base(self, name: str, prefix: str) -> dict[str, Any]:
        """What all objects have."""
        return {"id": self.fresh(prefix), "object": name, "created": self.at, "livemode": False, "metadata": {}}


Builder = Callable[[Made], dict[str, Any]]


def customer(made: Made) -> dict[str, Any]:
    """A customer."""
    named = {"email": "sample.person@example.com", "name": "Sample Person", "tax_exempt": "none"}
    return {**made.base("customer", "cus"), **named, "balance": 0, "currency": "eur", "delinquent": False}


def price(made: Made) -> dict[str, Any]:
    """A monthly price."""
    every = {"interval": "month", "interval_count": 1, "usage_type": "licensed"}
    money = {
        "currency": "eur",
        "unit_amount": _AMOUNT,
        "unit_amount_decimal": str(_AMOUNT),
        "billing_scheme": "per_unit",
    }
    return {
        **made.base("price", "price"),
        **money,
        "recurring": every,
        "type": "recurring",
        "product": made.fresh("prod"),
        "active": True,
    }


def product(made: Made) -> dict[str, Any]:
    """A product."""
    return {**made.base("product", "prod"), "name": "Pro", "active": True, "updated": made.at}


def subscription(made: Made) -> dict[str, Any]:
    """A subscription of one item, in its first month."""
    body = made.base("subscription", "sub")
    period = {"current_period_start": made.at, "current_period_end": made.at + MONTH_S}
    item = {
        **made.base("subscription_item", "si"),
        "subscription": body["id"],
        "quantity": 1,
        "price": price(made),
        **period,
    }
    body |= {
        "customer": made.fresh("cus"),
        "status": "active",
        "currency": "eur",
        "start_date": made.at,
        "billing_cycle_anchor": made.at,
    }
    body |= {
        "cancel_at_period_end": False,
        "cancel_at": None,
        "canceled_at": None,
        "ended_at": None,
        "trial_end": None,
    }
    return body | {
        "collection_method": "charge_automatically",
        "latest_invoice": made.fresh("in"),
        "items": _list([item]),
    }


def invoice(made: Made) -> dict[str, Any]:
    """An open invoice of one line."""
    body = made.base("invoice", "in")
    parent = {
        "type": "subscription_details",
        "subscription_details": {"subscription": made.fresh("sub"), "metadata": {}},
    }
    line = {
        "id": made.fresh("il"),
        "object": "line_item",
        "amount": _AMOUNT,
        "currency": "eur",
        "quantity": 1,
        "description": "Pro",
    }
    line |= {"period": {"start": made.at, "end": made.at + MONTH_S}, "livemode": False, "metadata": {}}
    sums = {
        "subtotal": _AMOUNT,
        "total": _AMOUNT,
        "amount_due": _AMOUNT,
        "amount_paid": 0,
        "amount_remaining": _AMOUNT,
    }
    body |= {
        **sums,
        "customer": made.fresh("cus"),
        "status": "open",
        "currency": "eur",
        "number": made.fresh("SAMPLE"),
        "parent": parent,
    }
    body |= {
        "billing_reason": "subscription_cycle",
        "collection_method": "charge_automatically",
        "attempt_count": 0,
        "attempted": False,
    }
    return body | {"lines": _list([line]), "period_start": made.at, "period_end": made.at + MONTH_S}


def payment_intent(made: Made) -> dict[str, Any]:
    """A payment that waits for its method."""
    money = {"amount": _AMOUNT, "amount_received": 0, "amount_capturable": 0, "currency": "eur"}
    how = {
        "capture_method": "automatic",
        "payment_method": made.fresh("pm"),
        "latest_charge": None,
        "last_payment_error": None,
    }
    return {
        **made.base("payment_intent", "pi"),
        **money,
        **how,
        "customer": made.fresh("cus"),
        "status": "requires_payment_method",
    }


def charge(made: Made) -> dict[str, Any]:
    """A charge that went through."""
    money = {"amount": _AMOUNT, "amount_captured": _AMOUNT, "amount_refunded": 0, "currency": "eur"}
    state = {"status": "succeeded", "paid": True, "captured": True, "refunded": False, "disputed": False}
    links = {
        "customer": made.fresh("cus"),
        "payment_intent": made.fresh("pi"),
        "balance_transaction": made.fresh("txn"),
    }
    return {**made.base("charge", "ch"), **money, **state, **links, "failure_code": None, "failure_message": None}


def refund(made: Made) -> dict[str, Any]:
    """A part of the money going back."""
    links = {"charge": made.fresh("ch"), "payment_intent": made.fresh("pi")}
    return {
        **made.base("refund", "re"),
        **links,
        "amount": 900,
        "currency": "eur",
        "status": "succeeded",
        "reason": "requested_by_customer",
    }


def dispute(made: Made) -> dict[str, Any]:
    """A dispute that waits for evidence."""
    due = {"due_by": made.at + 7 * 86400, "has_evidence": False, "past_due": False, "submission_count": 0}
    links = {"charge": made.fresh("ch"), "payment_intent": made.fresh("pi"), "balance_transactions": []}
    body = {**made.base("dispute", "dp"), **links, "amount": _AMOUNT, "currency": "eur", "reason": "fraudulent"}
    return body | {"status": "needs_response", "evidence_details": due, "is_charge_refundable": False}


def payout(made: Made) -> dict[str, Any]:
    """Money on its way to the bank."""
    body = {
        **made.base("payout", "po"),
        "amount": 10 * _AMOUNT,
        "currency": "eur",
        "status": "in_transit",
        "arrival_date": made.at + 86400,
    }
    return body | {
        "automatic": True,
        "method": "standard",
        "type": "bank_account",
        "failure_code": None,
        "failure_message": None,
    }


def transfer(made: Made) -> dict[str, Any]:
    """Money for a connected account."""
    body = {**made.base("transfer", "tr"), "amount": 4000, "amount_reversed": 0, "currency": "eur", "reversed": False}
    return body | {"destination": made.fresh("acct"), "source_transaction": made.fresh("ch"), "reversals": _list([])}


def account(made: Made) -> dict[str, Any]:
    """A connected account that may do everything."""
    able = {"charges_enabled": True, "payouts_enabled": True, "details_submitted": True}
    body = {**made.base("account", "acct"), **able, "country": "DE", "default_currency": "eur", "type": "express"}
    return body | {"requirements": {"currently_due": [], "past_due": [], "disabled_reason": None}, "capabilities": {}}


def bank_account(made: Made) -> dict[str, Any]:
    """Where payouts go."""
    body = {
        **made.base("bank_account", "ba"),
        "account": made.fresh("acct"),
        "bank_name": "Sample Bank",
        "last4": "3000",
    }
    return body | {"country": "DE", "currency": "eur", "status": "new", "default_for_currency": True}


def tax_id(made: Made) -> dict[str, Any]:
    """A customer's tax number."""
    checked = {"status": "pending", "verified_name": None, "verified_address": None}
    return {
        **made.base("tax_id", "txi"),
        "customer": made.fresh("cus"),
        "country": "DE",
        "type": "eu_vat",
        "value": "DE123456789",
        "verification": checked,
    }


def payment_method(made: Made) -> dict[str, Any]:
    """A card."""
    card = {"brand": "visa", "last4": "4242", "exp_month": 12, "exp_year": 2034, "country": "DE", "funding": "credit"}
    return {**made.base("payment_method", "pm"), "type": "card", "card": card, "customer": made.fresh("cus")}


def checkout_session(made: Made) -> dict[str, Any]:
    """A checkout that ended well."""
    money = {"amount_subtotal": _AMOUNT, "amount_total": _AMOUNT, "currency": "eur", "payment_status": "paid"}
    links = {
        "customer": made.fresh("cus"),
        "subscription": made.fresh("sub"),
        "invoice": made.fresh("in"),
        "payment_intent": None,
    }
    return {
        **made.base("checkout.session", "cs_test"),
        **money,
        **links,
        "mode": "subscription",
        "status": "complete",
        "expires_at": made.at + 86400,
    }


def setup_intent(made: Made) -> dict[str, Any]:
    """A method kept for later."""
    links = {"customer": made.fresh("cus"), "payment_method": made.fresh("pm")}
    return {**made.base("setup_intent", "seti"), **links, "status": "succeeded", "usage": "off_session"}


def credit_note(made: Made) -> dict[str, Any]:
    """A correction of an invoice."""
    money = {
        "amount": 900,
        "subtotal": 900,
        "total": 900,
        "currency": "eur",
        "status": "issued",
        "type": "post_payment",
    }
    return {
        **made.base("credit_note", "cn"),
        **money,
        "customer": made.fresh("cus"),
        "invoice": made.fresh("in"),
        "number": made.fresh("CN"),
        "lines": _list([]),
    }


def _list(items: list[Any]) -> dict[str, Any]:
    return {"object": "list", "data": items, "has_more": False}


_PAID = {"status": "paid", "amount_paid": _AMOUNT, "amount_remaining": 0, "attempt_count": 1, "attempted": True}
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
    "payment_intent.succeeded": (payment_intent, {"status": "succeeded", "amount_received": _AMOUNT}, {}),
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
