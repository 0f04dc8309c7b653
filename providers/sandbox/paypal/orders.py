"""Orders v2: made by us, approved by the payer (control), captured by us once."""

from __future__ import annotations

from providers.sandbox.paypal.call import Call, Done
from providers.sandbox.paypal.captures import make_capture
from providers.sandbox.paypal.problems import Json, business, wrong
from providers.sandbox.paypal.world import World, amount_of, read_amount

_LONGEST_CUSTOM = 255


def create(world: World, call: Call) -> Done:
    """`POST /v2/checkout/orders`."""
    call.only("intent", "purchase_units", "payment_source", "application_context", "payer")
    units = call.body.get("purchase_units")
    if call.body.get("intent") != "CAPTURE" or not isinstance(units, list) or len(units) != 1:
        raise wrong("INVALID_PARAMETER_VALUE", "The sandbox knows orders of one unit with intent CAPTURE", "intent")
    unit = units[0]
    minor, currency = read_amount(unit.get("amount"), "/purchase_units/0/amount")
    if len(str(unit.get("custom_id") or "")) > _LONGEST_CUSTOM:
        raise wrong("INVALID_STRING_LENGTH", "custom_id is too long", "/purchase_units/0/custom_id")
    order_id = world.fresh()
    given = {name: unit[name] for name in ("custom_id", "invoice_id", "description") if unit.get(name)}
    order: Json = {
        "id": order_id, "intent": "CAPTURE", "status": "PAYER_ACTION_REQUIRED", "create_time": world.stamp(), "update_time": world.stamp(),
        "purchase_units": [{"reference_id": unit.get("reference_id", "default"), "amount": amount_of(minor, currency), **given}],
        "links": [
            world.link(f"/v2/checkout/orders/{order_id}"),
            {"href": f"https://www.sandbox.paypal.com/checkoutnow?token={order_id}", "rel": "payer-action", "method": "GET"},
        ],
    }  # fmt: skip
    world.table("order")[order_id] = order
    world.note("order", order_id, minor, currency, custom=unit.get("custom_id"))
    return Done(201, order)


def get(world: World, call: Call) -> Done:
    """`GET /v2/checkout/orders/{id}`."""
    return Done(200, world.find("order", call.at["id"]))


def approve(world: World, order_id: str, *, outcome: str = "COMPLETED", payer: Json | None = None) -> Json:
    """The payer agrees. `outcome`: what the capture will come to: COMPLETED, PENDING, DECLINED, or INSTRUMENT_DECLINED (refused)."""
    order = world.find("order", order_id)
    if order["status"] not in ("CREATED", "PAYER_ACTION_REQUIRED", "APPROVED"):
        raise business("ORDER_NOT_OPEN", f"The order is {order['status']}")
    order["payer"] = payer or {
        "payer_id": "SANDBOXPAYER1", "email_address": "payer@example.com", "name": {"given_name": "Pay", "surname": "Er"}
    }  # fmt: skip
    order |= {"status": "APPROVED", "update_time": world.stamp()}
    own = f"/v2/checkout/orders/{order_id}"
    order["links"] = [world.link(own), world.link(f"{own}/capture", "capture", "POST")]
    world.hidden[order_id] = {"outcome": outcome}
    world.emit("CHECKOUT.ORDER.APPROVED", "checkout-order", order)
    return order


def reverse_approval(world: World, order_id: str) -> Json:
    """Nobody captured in time: what the payer approved goes back."""
    order = world.find("order", order_id)
    if order["status"] != "APPROVED":
        raise business("ORDER_NOT_APPROVED", f"The order is {order['status']}")
    order |= {"status": "VOIDED", "update_time": world.stamp()}
    world.emit("CHECKOUT.PAYMENT-APPROVAL.REVERSED", "checkout-order", {"order_id": order_id, "purchase_units": order["purchase_units"]})
    return order


def capture(world: World, call: Call) -> Done:
    """`POST /v2/checkout/orders/{id}/capture`."""
    call.only("payment_source")
    order = world.find("order", call.at["id"])
    if order["status"] == "COMPLETED":
        raise business("ORDER_ALREADY_CAPTURED", "Order already captured. If 'intent=CAPTURE' only one capture per order is allowed.")
    if order["status"] != "APPROVED":
        raise business("ORDER_NOT_APPROVED", "Payer has not yet approved the Order for payment.")
    outcome = world.hidden[order["id"]]["outcome"]
    if outcome == "INSTRUMENT_DECLINED":
        order |= {"status": "PAYER_ACTION_REQUIRED", "update_time": world.stamp()}
        raise business("INSTRUMENT_DECLINED", "The instrument presented was either declined by the processor or bank.")
    unit = order["purchase_units"][0]
    made = make_capture(world, order, unit, outcome)
    unit["payments"] = {"captures": [made]}
    order |= {"status": "COMPLETED", "update_time": world.stamp()}
    order["links"] = [world.link(f"/v2/checkout/orders/{order['id']}")]
    if outcome == "COMPLETED":
        world.emit("CHECKOUT.ORDER.COMPLETED", "checkout-order", order)
    return Done(201, order)


ROUTES = {
    "POST /v2/checkout/orders": create,
    "GET /v2/checkout/orders/{id}": get,
    "POST /v2/checkout/orders/{id}/capture": capture,
}
