"""Subscriptions, as far as we ask for anything: to be shown one, and to end it. PayPal bills them by itself."""

from __future__ import annotations

from datetime import timedelta

from providers.sandbox.paypal.call import Call, Done
from providers.sandbox.paypal.problems import Json, business
from providers.sandbox.paypal.world import World, text

_LONGEST_REASON = 128
_RUNNING = frozenset({"ACTIVE", "SUSPENDED"})


def make(world: World, *, plan: str, payer: str, custom: str | None = None, days: int = 30) -> Json:
    """A payer has approved one, and it runs (control)."""
    sub_id = world.fresh("I-")
    sub: Json = {
        "id": sub_id, "plan_id": plan, "status": "ACTIVE", "status_update_time": world.stamp(), "quantity": "1",
        "start_time": world.stamp(), "create_time": world.stamp(), "update_time": world.stamp(),
        "subscriber": {"payer_id": payer, "email_address": f"{payer.lower()}@example.com"},
        "billing_info": {"failed_payments_count": 0, "next_billing_time": text(world.now() + timedelta(days=days)),
                         "outstanding_balance": {"currency_code": "EUR", "value": "0.00"}},
        "links": [world.link(f"/v1/billing/subscriptions/{sub_id}"),
                  world.link(f"/v1/billing/subscriptions/{sub_id}/cancel", "cancel", "POST")],
    }  # fmt: skip
    if custom is not None:
        sub["custom_id"] = custom
    world.table("subscription")[sub_id] = sub
    world.emit("BILLING.SUBSCRIPTION.ACTIVATED", "subscription", sub)
    return sub


def get(world: World, call: Call) -> Done:
    """`GET /v1/billing/subscriptions/{id}`."""
    return Done(200, world.find("subscription", call.at["id"]))


def cancel(world: World, call: Call) -> Done:
    """`POST /v1/billing/subscriptions/{id}/cancel`: at once; answered without a body."""
    call.only("reason")
    sub = world.find("subscription", call.at["id"])
    reason = call.body.get("reason")
    if not isinstance(reason, str) or not 1 <= len(reason) <= _LONGEST_REASON:
        raise business("INVALID_STRING_LENGTH", "The reason is too short or too long.")
    if sub["status"] not in _RUNNING:
        said = "Invalid subscription status for cancel action; subscription status should be active or suspended."
        raise business("SUBSCRIPTION_STATUS_INVALID", said)
    sub |= {"status": "CANCELLED", "status_change_note": reason, "status_update_time": world.stamp(), "update_time": world.stamp()}
    sub["billing_info"].pop("next_billing_time", None)
    world.note("subscription_cancelled", sub["id"], 0, "EUR")
    world.emit("BILLING.SUBSCRIPTION.CANCELLED", "subscription", sub)
    return Done(204, {})


ROUTES = {
    "GET /v1/billing/subscriptions/{id}": get,
    "POST /v1/billing/subscriptions/{id}/cancel": cancel,
}
