"""Customers, whose deletion leaves a tombstone as at Stripe."""

from __future__ import annotations

from providers.sandbox.stripe.call import Call
from providers.sandbox.stripe.events import change, emit
from providers.sandbox.stripe.lists import equal, page
from providers.sandbox.stripe.problems import Json
from providers.sandbox.stripe.world import World

_PLAIN = ("description", "email", "name", "phone", "tax_exempt")
_KNOWN = (*_PLAIN, "address", "balance", "invoice_settings", "payment_method", "preferred_locales", "shipping", "tax")


def create(world: World, call: Call) -> Json:
    """`POST /v1/customers`."""
    call.only(*_KNOWN)
    obj = world.base("customer", "cus") | {name: call.text(name) for name in _PLAIN}
    obj |= {
        "address": call.inner("address") or None, "balance": call.whole("balance") or 0, "currency": None, "default_source": None,
        "delinquent": False, "discount": None, "invoice_prefix": obj["id"][-8:], "invoice_settings": _settings(call),
        "metadata": call.metadata(), "next_invoice_sequence": 1, "preferred_locales": call.items("preferred_locales"),
        "shipping": call.inner("shipping") or None, "tax_exempt": call.text("tax_exempt", "none"), "test_clock": None,
    }  # fmt: skip
    world.add(obj, call.account)
    emit(world, "customer.created", obj, owner=call.account)
    return obj


def update(world: World, call: Call) -> Json:
    """`POST /v1/customers/{id}`."""
    call.only(*_KNOWN)
    obj = world.get("customer", call.at["id"], call.account)
    values: Json = {name: call.text(name) for name in _PLAIN if name in call.params}
    values |= {name: call.inner(name) or None for name in ("address", "shipping") if name in call.params}
    if "invoice_settings" in call.params:
        values["invoice_settings"] = _settings(call)
    values["metadata"] = merged(obj, call)
    before = change(obj, **values)
    if before:
        emit(world, "customer.updated", obj, owner=call.account, previous=before)
    return obj


def get(world: World, call: Call) -> Json:
    """`GET /v1/customers/{id}`."""
    return world.get("customer", call.at["id"], call.account)


def listed(world: World, call: Call) -> Json:
    """`GET /v1/customers`."""
    return page(world, call, "customer", equal(call, "email"))


def delete(world: World, call: Call) -> Json:
    """`DELETE /v1/customers/{id}`: it answers from then on that it is deleted."""
    obj = world.get("customer", call.at["id"], call.account)
    emit(world, "customer.deleted", obj, owner=call.account)
    obj["deleted"] = True
    return {"id": obj["id"], "object": "customer", "deleted": True}


def merged(obj: Json, call: Call) -> Json:
    """Metadata after an update: given names are set, empty ones removed, others stay."""
    both = {**(obj.get("metadata") or {}), **call.metadata()}
    return {name: value for name, value in both.items() if value != ""}


def _settings(call: Call) -> Json:
    method = call.inner("invoice_settings").get("default_payment_method") or None  # empty: unset
    return {"custom_fields": None, "default_payment_method": method, "footer": None, "rendering_options": None}


ROUTES = {
    "POST /v1/customers": create,
    "GET /v1/customers": listed,
    "GET /v1/customers/{id}": get,
    "POST /v1/customers/{id}": update,
    "DELETE /v1/customers/{id}": delete,
}
