"""Products, prices, subscriptions and invoices, as far as a checkout needs them and no further."""

from __future__ import annotations

from providers.sandbox.stripe.call import Call
from providers.sandbox.stripe.customers import merged
from providers.sandbox.stripe.events import change, emit
from providers.sandbox.stripe.lists import PAGING, equal, page, wrap
from providers.sandbox.stripe.problems import Json, refused, wrong
from providers.sandbox.stripe.world import World

_MONTH_S = 30 * 86400


def product(world: World, call: Call) -> Json:
    """`POST /v1/products`."""
    call.only("active", "default_price_data", "description", "images", "name", "tax_code", "unit_label")
    made = world.base("product", "prod") | {
        "active": True, "description": call.text("description"), "metadata": call.metadata(), "name": call.needed("name"),
        "updated": world.now(),
    }  # fmt: skip
    world.add(made, call.account)
    emit(world, "product.created", made, owner=call.account)
    return made


def price(world: World, call: Call) -> Json:
    """`POST /v1/prices`."""
    call.only("active", "billing_scheme", "currency", "lookup_key", "nickname", "product", "product_data", "recurring",
              "tax_behavior", "unit_amount")  # fmt: skip
    made = _price(world, call.params, call.text("product"))
    made["metadata"] = call.metadata()
    world.add(made, call.account)
    emit(world, "price.created", made, owner=call.account)
    return made


def price_of(world: World, item: Json) -> Json:
    """The price of a line: one that exists, or described in place."""
    if item.get("price"):
        return world.get("price", str(item["price"]), param="line_items[0][price]")
    data = item.get("price_data")
    if not isinstance(data, dict) or "unit_amount" not in data or "currency" not in data:
        raise wrong("You must give `price` or `price_data` with currency and unit_amount.", "line_items[0][price_data]")
    return _price(world, data, data.get("product"))


def _price(world: World, data: Json, product_id: str | None) -> Json:
    recurring = data.get("recurring") or None
    amount = int(data["unit_amount"])
    return world.base("price", "price") | {
        "active": True, "billing_scheme": "per_unit", "currency": str(data["currency"]).lower(), "lookup_key": None, "nickname": None,
        "product": product_id or world.fresh("prod"),
        "recurring": {"interval_count": 1, "usage_type": "licensed", **recurring} if recurring else None,
        "type": "recurring" if recurring else "one_time", "unit_amount": amount, "unit_amount_decimal": str(amount),
    }  # fmt: skip


def subscribe(world: World, session: Json, owner: str | None, hidden: Json) -> Json:
    """What a completed checkout of subscription mode makes: a subscription, and its first invoice, paid."""
    sub = world.base("subscription", "sub")
    start = world.now()
    items = [
        world.base("subscription_item", "si")
        | {"current_period_end": start + _MONTH_S, "current_period_start": start, "price": line["price"], "quantity": line["quantity"],
           "subscription": sub["id"]}
        for line in hidden["lines"]
    ]  # fmt: skip
    invoice = _invoice(world, session, sub["id"], hidden["lines"])
    sub |= {
        "billing_cycle_anchor": start, "cancel_at": None, "cancel_at_period_end": False, "canceled_at": None,
        "currency": session["currency"],
        "collection_method": "charge_automatically", "customer": session["customer"], "ended_at": None,
        "items": wrap(items, "/v1/subscription_items"),
        "latest_invoice": invoice["id"], "metadata": hidden["subscription"].get("metadata", {}), "start_date": start, "status": "active",
        "trial_end": None,
    }  # fmt: skip
    world.add(sub, owner)
    world.add(invoice, owner)
    emit(world, "customer.subscription.created", sub, owner=owner)
    emit(world, "invoice.created", invoice, owner=owner)
    total = invoice["total"]
    change(invoice, status="paid", amount_paid=total, amount_remaining=0, attempt_count=1, attempted=True)
    emit(world, "invoice.paid", invoice, owner=owner)
    return {"invoice": invoice["id"], "payment_status": "paid" if total else "no_payment_required", "subscription": sub["id"]}


def _invoice(world: World, session: Json, subscription: str, lines: list[Json]) -> Json:
    total, start = session["amount_total"] or 0, world.now()
    made = [
        {"id": world.fresh("il"), "object": "line_item", "amount": line["amount_total"], "currency": line["currency"], "description": None,
         "livemode": False, "metadata": {}, "period": {"end": start + _MONTH_S, "start": start}, "quantity": line["quantity"]}
        for line in lines
    ]  # fmt: skip
    parent = {"subscription_details": {"metadata": {}, "subscription": subscription}, "type": "subscription_details"}
    return world.base("invoice", "in") | {
        "amount_due": total, "amount_paid": 0, "amount_remaining": total, "attempt_count": 0, "attempted": False, "subtotal": total,
        "billing_reason": "subscription_create", "collection_method": "charge_automatically", "currency": session["currency"],
        "customer": session["customer"], "lines": wrap(made, "/v1/invoices/lines"), "number": world.fresh("SB"), "parent": parent,
        "period_end": start, "period_start": start, "status": "open", "total": total,
    }  # fmt: skip


def _one(kind: str, world: World, call: Call) -> Json:
    return world.get(kind, call.at["id"], call.account)


def subscriptions(world: World, call: Call) -> Json:
    """`GET /v1/subscriptions`."""
    return page(world, call, "subscription", equal(call, "customer", "status"))


def update(world: World, call: Call) -> Json:
    """`POST /v1/subscriptions/{id}`: whether it ends with its period, metadata, quantities and prices of its items."""
    call.only("cancel_at_period_end", "items", "proration_behavior")
    sub = _one("subscription", world, call)
    if sub["status"] == "canceled":
        raise refused("A canceled subscription can only update its cancellation_details and metadata.", "resource_missing")
    values: Json = {"metadata": merged(sub, call)}
    if "cancel_at_period_end" in call.params:
        ends = call.flag("cancel_at_period_end")
        values |= {"cancel_at_period_end": ends, "canceled_at": world.now() if ends else None}
        values["cancel_at"] = max(item["current_period_end"] for item in sub["items"]["data"]) if ends else None
    wanted = {one["id"]: one for one in call.params.get("items") or []}
    if wanted:
        data = [item | _of_item(world, call, wanted.get(item["id"]) or {}) for item in sub["items"]["data"]]
        values["items"] = {**sub["items"], "data": data}
    before = change(sub, **values)
    if before:
        emit(world, "customer.subscription.updated", sub, owner=call.account, previous=before)
    return sub


def _of_item(world: World, call: Call, asked: Json) -> Json:
    """What is to be of one item: an absolute quantity, another price of ours."""
    said: Json = {"quantity": int(asked["quantity"])} if "quantity" in asked else {}
    return said | ({"price": world.get("price", asked["price"], call.account)} if "price" in asked else {})


def cancel(world: World, call: Call) -> Json:
    """`DELETE /v1/subscriptions/{id}`: at once."""
    sub = _one("subscription", world, call)
    before = change(sub, status="canceled", canceled_at=world.now(), ended_at=world.now())
    emit(world, "customer.subscription.deleted", sub, owner=call.account, previous=before)
    return sub


def invoices(world: World, call: Call) -> Json:
    """`GET /v1/invoices`."""
    return page(world, call, "invoice", equal(call, "customer", "status"))


def prices(world: World, call: Call) -> Json:
    """`GET /v1/prices`."""
    call.only(*PAGING, "active")
    return page(world, call, "price")


ROUTES = {
    "POST /v1/products": product,
    "GET /v1/products/{id}": lambda world, call: _one("product", world, call),
    "POST /v1/prices": price,
    "GET /v1/prices": prices,
    "GET /v1/prices/{id}": lambda world, call: _one("price", world, call),
    "GET /v1/subscriptions": subscriptions,
    "GET /v1/subscriptions/{id}": lambda world, call: _one("subscription", world, call),
    "POST /v1/subscriptions/{id}": update,
    "DELETE /v1/subscriptions/{id}": cancel,
    "GET /v1/invoices": invoices,
    "GET /v1/invoices/{id}": lambda world, call: _one("invoice", world, call),
}
