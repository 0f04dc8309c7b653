"""Sales v1, as payments of PayPal's subscriptions arrive, and their refunds."""

from __future__ import annotations

from providers.sandbox.paypal.call import Call, Done
from providers.sandbox.paypal.problems import Json, Problem
from providers.sandbox.paypal.world import World, read_amount, v1_amount


def make_sale(world: World, minor: int, currency: str, *, subscription: str | None = None, custom: str | None = None) -> Json:
    """A payment of a subscription came (control)."""
    sale_id, fee = world.fresh(), world.config.fee(minor)
    sale: Json = {
        "id": sale_id, "state": "completed", "amount": v1_amount(minor, currency, "total"), "transaction_fee": v1_amount(fee, currency),
        "payment_mode": "INSTANT_TRANSFER", "create_time": world.stamp(), "update_time": world.stamp(),
        "links": [world.link(f"/v1/payments/sale/{sale_id}"), world.link(f"/v1/payments/sale/{sale_id}/refund", "refund", "POST")],
    }  # fmt: skip
    sale |= {name: value for name, value in (("billing_agreement_id", subscription), ("custom", custom)) if value}
    world.table("sale")[sale_id] = sale
    world.hidden[sale_id] = {"refunded": 0}
    world.note("sale", sale_id, minor, currency, custom=custom)
    world.move("T0002", sale_id, minor, currency, fee=fee, parent=subscription, parent_kind="SUB", custom=custom)
    world.emit("PAYMENT.SALE.COMPLETED", "sale", sale, version=None)
    return sale


def get(world: World, call: Call) -> Done:
    """`GET /v1/payments/sale/{id}`."""
    return Done(200, world.find("sale", call.at["id"]))


def refund(world: World, call: Call) -> Done:
    """`POST /v1/payments/sale/{id}/refund`."""
    call.only("amount", "description", "reason", "invoice_number")
    sale = world.find("sale", call.at["id"])
    came, currency = read_amount(sale["amount"], "amount", value="total", currency="currency")
    hidden = world.hidden[sale["id"]]
    left = came - hidden["refunded"]
    if left == 0:
        raise Problem(400, "TRANSACTION_ALREADY_REFUNDED", "The requested sale has already been refunded.")
    told = call.body.get("amount")
    minor, asked = read_amount(told, "amount", value="total", currency="currency") if told else (left, currency)
    if minor > left or asked != currency:
        raise Problem(400, "REFUND_EXCEEDED_TRANSACTION_AMOUNT", "The refund exceeds the transaction amount.")
    hidden["refunded"] += minor
    refund_id = world.fresh()
    made: Json = {
        "id": refund_id, "state": "completed", "sale_id": sale["id"], "amount": v1_amount(minor, currency, "total"),
        "total_refunded_amount": v1_amount(hidden["refunded"], currency), "create_time": world.stamp(), "update_time": world.stamp(),
        "links": [world.link(f"/v1/payments/refund/{refund_id}"), world.link(f"/v1/payments/sale/{sale['id']}", "sale")],
    }  # fmt: skip
    made |= {name: call.body[name] for name in ("invoice_number", "reason", "description") if call.body.get(name)}
    world.table("sale_refund")[refund_id] = made
    sale |= {"state": "refunded" if hidden["refunded"] == came else "partially_refunded", "update_time": world.stamp()}
    world.note("refund", refund_id, minor, currency, custom=call.body.get("invoice_number"), of=sale["id"])
    world.move("T1107", refund_id, -minor, currency, parent=sale["id"], invoice=call.body.get("invoice_number"))
    # In the event v1 shows the amount with a minus.
    world.emit("PAYMENT.SALE.REFUNDED", "refund", made | {"amount": v1_amount(-minor, currency, "total")}, version=None)
    return Done(201, made)


def get_refund(world: World, call: Call) -> Done:
    """`GET /v1/payments/refund/{id}`."""
    return Done(200, world.find("sale_refund", call.at["id"]))


ROUTES = {
    "GET /v1/payments/sale/{id}": get,
    "POST /v1/payments/sale/{id}/refund": refund,
    "GET /v1/payments/refund/{id}": get_refund,
}
