"""Captures and refunds v2: what came, what went back of it, and never more than came."""

from __future__ import annotations

from providers.sandbox.paypal.call import Call, Done
from providers.sandbox.paypal.problems import Json, business, wrong
from providers.sandbox.paypal.world import World, amount_of, read_amount

_LONGEST_CUSTOM = 127
_EVENTS = {"COMPLETED": "COMPLETED", "PENDING": "PENDING", "DECLINED": "DECLINED"}
_REPORTED = {"COMPLETED": "S", "PENDING": "P", "DECLINED": "D"}


def make_capture(world: World, order: Json, unit: Json, outcome: str) -> Json:
    """The capture of an order's unit; its movement and its event."""
    minor, currency = read_amount(unit["amount"], "amount")
    capture_id = world.fresh()
    capture: Json = {
        "id": capture_id, "status": outcome, "amount": unit["amount"], "final_capture": True,
        "seller_protection": {"status": "ELIGIBLE"}, "create_time": world.stamp(), "update_time": world.stamp(),
        "supplementary_data": {"related_ids": {"order_id": order["id"]}},
        "links": [
            world.link(f"/v2/payments/captures/{capture_id}"),
            world.link(f"/v2/payments/captures/{capture_id}/refund", "refund", "POST"),
            world.link(f"/v2/checkout/orders/{order['id']}", "up"),
        ],
    } | {name: unit[name] for name in ("custom_id", "invoice_id") if name in unit}  # fmt: skip
    world.table("capture")[capture_id] = capture
    if outcome == "DECLINED":
        capture["processor_response"] = {"response_code": "5100"}
    elif outcome == "PENDING":
        capture["status_details"] = {"reason": "PENDING_REVIEW"}
    _come(world, capture, minor, currency)
    return capture


def settle(world: World, capture_id: str, status: str) -> Json:
    """A pending capture turns COMPLETED or DECLINED."""
    capture = world.find("capture", capture_id)
    if capture["status"] != "PENDING":
        raise business("CAPTURE_NOT_PENDING", f"The capture is {capture['status']}")
    capture |= {"status": status, "update_time": world.stamp()}
    capture.pop("status_details", None)
    _come(world, capture, *read_amount(capture["amount"], "amount"))
    return capture


def _come(world: World, capture: Json, minor: int, currency: str) -> None:
    status, fee = capture["status"], 0
    if status == "COMPLETED":
        fee = world.config.fee(minor)
        capture["seller_receivable_breakdown"] = {
            "gross_amount": amount_of(minor, currency), "paypal_fee": amount_of(fee, currency),
            "net_amount": amount_of(minor - fee, currency),
        }  # fmt: skip
        world.note("capture", capture["id"], minor, currency, custom=capture.get("custom_id"))
    world.move(
        "T0006", capture["id"], minor, currency, fee=fee, status=_REPORTED[status],
        custom=capture.get("custom_id"), invoice=capture.get("invoice_id"),
    )  # fmt: skip
    world.emit(f"PAYMENT.CAPTURE.{_EVENTS[status]}", "capture", capture)


def get(world: World, call: Call) -> Done:
    """`GET /v2/payments/captures/{id}`."""
    return Done(200, world.find("capture", call.at["id"]))


def refund(world: World, call: Call) -> Done:
    """`POST /v2/payments/captures/{id}/refund`."""
    call.only("amount", "custom_id", "invoice_id", "note_to_payer", "payment_instruction")
    capture = world.find("capture", call.at["id"])
    if len(str(call.body.get("custom_id") or "")) > _LONGEST_CUSTOM:
        raise wrong("INVALID_STRING_MAX_LENGTH", "custom_id is too long", "/custom_id")
    return Done(201, give_back(world, capture, call.body))


def give_back(world: World, capture: Json, body: Json, *, at_paypal: bool = False) -> Json:
    """A refund of a capture; `at_paypal`: by a person in PayPal's own pages.

    Raises:
        Problem: more than is left of it, or it has not come.
    """
    if capture["status"] not in ("COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED"):
        raise business("REFUND_NOT_ALLOWED", f"The capture is {capture['status']}")
    came, currency = read_amount(capture["amount"], "amount")
    hidden = world.hidden.setdefault(capture["id"], {"refunded": 0})
    left = came - hidden["refunded"]
    if left == 0:
        raise business("CAPTURE_FULLY_REFUNDED", "The capture has already been fully refunded.")
    minor, asked = read_amount(body["amount"], "/amount") if body.get("amount") else (left, currency)
    if asked != currency:
        raise business("CURRENCY_MISMATCH", "The currency of the refund must be the currency of the capture.")
    if minor > left:
        raise business("REFUND_AMOUNT_EXCEEDED", "The refund amount exceeds what has not yet been refunded of the capture.")
    hidden["refunded"] += minor
    refund_id = world.fresh()
    status = world.hidden.get("next_refund", {}).pop("status", "COMPLETED")
    made: Json = {
        "id": refund_id, "status": status, "amount": amount_of(minor, currency),
        "create_time": world.stamp(), "update_time": world.stamp(),
        "seller_payable_breakdown": {
            "gross_amount": amount_of(minor, currency), "paypal_fee": amount_of(0, currency), "net_amount": amount_of(minor, currency),
            "total_refunded_amount": amount_of(hidden["refunded"], currency),
        },
        "links": [world.link(f"/v2/payments/refunds/{refund_id}"), world.link(f"/v2/payments/captures/{capture['id']}", "up")],
    } | {name: body[name] for name in ("custom_id", "invoice_id", "note_to_payer") if body.get(name)}  # fmt: skip
    _keep(world, capture, made, full=hidden["refunded"] == came)
    world.note("refund", refund_id, minor, currency, custom=body.get("custom_id"), of=capture["id"], at_paypal=at_paypal)
    if status == "COMPLETED":
        _gone(world, capture, made)
    return made


def _keep(world: World, capture: Json, made: Json, *, full: bool) -> None:
    world.table("refund")[made["id"]] = made
    world.hidden[made["id"]] = {"capture": capture["id"]}
    capture |= {"status": "REFUNDED" if full else "PARTIALLY_REFUNDED", "update_time": world.stamp()}
    order = world.table("order").get(capture["supplementary_data"]["related_ids"]["order_id"])
    if order is not None:
        order["purchase_units"][0]["payments"].setdefault("refunds", []).append(made)


def _gone(world: World, capture: Json, made: Json) -> None:
    minor, currency = read_amount(made["amount"], "amount")
    world.move(
        "T1107", made["id"], -minor, currency, parent=capture["id"], custom=made.get("custom_id"), invoice=made.get("invoice_id")
    )
    world.emit("PAYMENT.CAPTURE.REFUNDED", "refund", made)


def settle_refund(world: World, refund_id: str, status: str) -> Json:
    """A pending refund turns COMPLETED, or FAILED, and then the money stays."""
    made = world.find("refund", refund_id)
    if made["status"] != "PENDING":
        raise business("REFUND_NOT_PENDING", f"The refund is {made['status']}")
    made |= {"status": status, "update_time": world.stamp()}
    capture = world.find("capture", world.hidden[refund_id]["capture"])
    if status == "COMPLETED":
        _gone(world, capture, made)
        return made
    minor, currency = read_amount(made["amount"], "amount")
    hidden = world.hidden[capture["id"]]
    hidden["refunded"] -= minor
    made["seller_payable_breakdown"]["total_refunded_amount"] = amount_of(hidden["refunded"], currency)
    capture |= {"status": "PARTIALLY_REFUNDED" if hidden["refunded"] else "COMPLETED", "update_time": world.stamp()}
    return made


def get_refund(world: World, call: Call) -> Done:
    """`GET /v2/payments/refunds/{id}`."""
    return Done(200, world.find("refund", call.at["id"]))


ROUTES = {
    "GET /v2/payments/captures/{id}": get,
    "POST /v2/payments/captures/{id}/refund": refund,
    "GET /v2/payments/refunds/{id}": get_refund,
}
