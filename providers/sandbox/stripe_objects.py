"""Stripe's objects, minimal and of our own making, with the fields that Bursar reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

MONTH_S = 30 * 86400
AMOUNT = 4900


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
        "unit_amount": AMOUNT,
        "unit_amount_decimal": str(AMOUNT),
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
        "amount": AMOUNT,
        "currency": "eur",
        "quantity": 1,
        "description": "Pro",
    }
    line |= {"period": {"start": made.at, "end": made.at + MONTH_S}, "livemode": False, "metadata": {}}
    sums = {
        "subtotal": AMOUNT,
        "total": AMOUNT,
        "amount_due": AMOUNT,
        "amount_paid": 0,
        "amount_remaining": AMOUNT,
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
    money = {"amount": AMOUNT, "amount_received": 0, "amount_capturable": 0, "currency": "eur"}
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
    money = {"amount": AMOUNT, "amount_captured": AMOUNT, "amount_refunded": 0, "currency": "eur"}
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
    body = {**made.base("dispute", "dp"), **links, "amount": AMOUNT, "currency": "eur", "reason": "fraudulent"}
    return body | {"status": "needs_response", "evidence_details": due, "is_charge_refundable": False}


def payout(made: Made) -> dict[str, Any]:
    """Money on its way to the bank."""
    body = {
        **made.base("payout", "po"),
        "amount": 10 * AMOUNT,
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
    money = {"amount_subtotal": AMOUNT, "amount_total": AMOUNT, "currency": "eur", "payment_status": "paid"}
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
