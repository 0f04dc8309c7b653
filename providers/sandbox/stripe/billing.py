"""Subscriptions that Stripe bills: made with their first payment, renewed when their period is over, ended when that was wished."""

from __future__ import annotations

from datetime import UTC, datetime

from billing.rules.cycle import Cycle
from providers.sandbox.stripe import payment_intents
from providers.sandbox.stripe.call import Call
from providers.sandbox.stripe.events import change, copy, emit
from providers.sandbox.stripe.lists import wrap
from providers.sandbox.stripe.methods import resolve
from providers.sandbox.stripe.problems import Json, Problem
from providers.sandbox.stripe.world import World

_RETRY_S = 3 * 86400
_TRIES = 4
"""Then Stripe gives up: the subscription is cancelled, its invoice stays open."""


def begin(world: World, customer: str, price: Json, quantity: int, method: str) -> Json:
    """A monthly subscription of one line, paid at once by that method.

    Raises:
        Problem: the method was declined; there is no subscription.
    """
    start = world.now()
    sub = world.base("subscription", "sub")
    sub["billing_cycle_anchor"] = start
    period = {"current_period_start": start, "current_period_end": _period_end(sub, start)}
    item = world.base("subscription_item", "si") | period | {"price": price, "quantity": quantity, "subscription": sub["id"]}
    sub |= {
        "cancel_at": None, "cancel_at_period_end": False, "canceled_at": None, "customer": customer,
        "collection_method": "charge_automatically", "currency": price["currency"], "ended_at": None, "latest_invoice": None,
        "items": wrap([item], "/v1/subscription_items"), "start_date": start, "status": "active", "trial_end": None,
    }  # fmt: skip
    invoice = _invoice(world, sub, "subscription_create")
    intent = _pay(world, sub, invoice, method)
    sub["latest_invoice"] = invoice["id"]
    world.add(sub)
    world.add(invoice)
    emit(world, "customer.subscription.created", sub)
    emit(world, "invoice.created", invoice | {"status": "draft"})
    emit(world, "invoice.finalized", invoice)
    _paid(world, invoice, intent)
    world.hidden[sub["id"]] = {"method": method, "tries": 0}
    world.timers[sub["id"]] = {"due": period["current_period_end"]}
    return sub


def cancel_at_period_end(world: World, name: str) -> bool:
    """Its payer ends it in the portal; whether it was running until now."""
    sub = world.get("subscription", name)
    item = sub["items"]["data"][0]
    if sub["status"] != "active" or sub["cancel_at_period_end"]:
        return False
    before = change(sub, cancel_at_period_end=True, cancel_at=item["current_period_end"], canceled_at=world.now())
    emit(world, "customer.subscription.updated", sub, previous=before)
    return True


def takes(world: World, name: str, method: str) -> None:
    """From now on it is paid by another method."""
    world.hidden[name]["method"] = method


def due(world: World, name: str) -> None:
    """Its period is over, or an invoice of it is tried again."""
    sub, hidden = world.get("subscription", name), world.hidden[name]
    if sub["status"] == "canceled":
        return
    if hidden["tries"]:
        _collect(world, sub, world.get("invoice", sub["latest_invoice"]))
        return
    if sub["cancel_at_period_end"]:
        _end(world, sub)
        return
    item = sub["items"]["data"][0]
    start = item["current_period_end"]
    period = {"current_period_start": start, "current_period_end": _period_end(sub, start)}
    before = change(sub, items=wrap([item | period], "/v1/subscription_items"))
    invoice = _invoice(world, sub, "subscription_cycle")
    world.add(invoice)
    before |= change(sub, latest_invoice=invoice["id"])
    emit(world, "invoice.created", invoice | {"status": "draft"})
    emit(world, "customer.subscription.updated", sub, previous=before)
    emit(world, "invoice.finalized", invoice)
    _collect(world, sub, invoice)


def _collect(world: World, sub: Json, invoice: Json) -> None:
    hidden = world.hidden[sub["id"]]
    end = sub["items"]["data"][0]["current_period_end"]
    try:
        intent = _pay(world, sub, invoice, hidden["method"])
    except Problem:
        hidden["tries"] += 1
        over = hidden["tries"] >= _TRIES
        again = None if over else world.now() + _RETRY_S
        change(invoice, attempt_count=hidden["tries"], attempted=True, next_payment_attempt=again)
        emit(world, "invoice.payment_failed", invoice)
        if over:
            _end(world, sub)
            return
        before = change(sub, status="past_due")
        if before:
            emit(world, "customer.subscription.updated", sub, previous=before)
        world.timers[sub["id"]] = {"due": again}
        return
    hidden["tries"] = 0
    _paid(world, invoice, intent)
    before = change(sub, status="active")
    if before:
        emit(world, "customer.subscription.updated", sub, previous=before)
    world.timers[sub["id"]] = {"due": end}


def _pay(world: World, sub: Json, invoice: Json, method: str) -> Json:
    params = {"amount": str(invoice["total"]), "currency": sub["currency"], "customer": sub["customer"]}
    intent = payment_intents.new(world, Call("POST", "/v1/payment_intents", params), None)
    world.add(intent)
    emit(world, "payment_intent.created", intent)
    card = resolve(world, method, None, sub["customer"])
    return payment_intents.confirmed(world, intent, card, None, off_session=True)


def _paid(world: World, invoice: Json, intent: Json) -> None:
    payment = {"type": "payment_intent", "payment_intent": intent["id"]}
    link = world.base("invoice_payment", "inpay") | {
        "amount_paid": invoice["total"], "amount_requested": invoice["total"], "currency": invoice["currency"], "invoice": invoice["id"],
        "is_default": True, "payment": payment, "status": "paid",
    }  # fmt: skip
    change(
        invoice, status="paid", amount_paid=invoice["total"], amount_remaining=0, attempt_count=invoice["attempt_count"] + 1,
        attempted=True, next_payment_attempt=None, payments=wrap([link], "/v1/invoice_payments"),
    )  # fmt: skip
    emit(world, "invoice_payment.paid", link)
    emit(world, "invoice.paid", invoice)


def _end(world: World, sub: Json) -> None:
    before = change(sub, status="canceled", ended_at=world.now(), canceled_at=sub["canceled_at"] or world.now())
    emit(world, "customer.subscription.deleted", sub, previous=before)


def _invoice(world: World, sub: Json, reason: str) -> Json:
    item, now = sub["items"]["data"][0], world.now()
    total = item["price"]["unit_amount"] * item["quantity"]
    period = {"start": item["current_period_start"], "end": item["current_period_end"]}
    line = {
        "id": world.fresh("il"), "object": "line_item", "amount": total, "currency": sub["currency"], "description": None,
        "livemode": False, "metadata": {}, "period": period, "quantity": item["quantity"],
        "pricing": {"price_details": {"price": item["price"]["id"], "product": item["price"]["product"]}, "type": "price_details"},
    }  # fmt: skip
    parent = {"subscription_details": {"metadata": copy(sub["metadata"]), "subscription": sub["id"]}, "type": "subscription_details"}
    shown = world.fresh("sandbox")  # links of an invoice carry a secret of its own
    return world.base("invoice", "in") | {
        "hosted_invoice_url": f"https://invoice.stripe.com/i/{shown}", "invoice_pdf": f"https://pay.stripe.com/invoice/{shown}/pdf",
        "amount_due": total, "amount_paid": 0, "amount_remaining": total, "attempt_count": 0, "attempted": False, "subtotal": total,
        "billing_reason": reason, "collection_method": "charge_automatically", "currency": sub["currency"], "customer": sub["customer"],
        "lines": wrap([line], "/v1/invoices/lines"), "number": world.fresh("SB"), "parent": parent, "period_end": now,
        "period_start": now, "status": "open", "total": total,
    }  # fmt: skip


def _period_end(sub: Json, start: int) -> int:
    """A month after `start`, counted from the anchor."""
    cycle = Cycle(datetime.fromtimestamp(sub["billing_cycle_anchor"], UTC), "UTC", "month", 1)
    return int(cycle.boundary(cycle.number_at(datetime.fromtimestamp(start, UTC)) + 1).timestamp())
