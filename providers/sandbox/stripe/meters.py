"""Meter events: what a customer used, told to a meter; the same identifier again counts once, as at Stripe."""

from __future__ import annotations

from providers.sandbox.stripe.call import Call
from providers.sandbox.stripe.problems import Json, wrong
from providers.sandbox.stripe.world import World


def create(world: World, call: Call) -> Json:
    """`POST /v1/billing/meter_events`."""
    call.only("event_name", "identifier", "payload", "timestamp")
    payload = call.inner("payload")
    value = str(payload.get("value", ""))
    if not value.isdecimal():
        raise wrong("The value in the payload must be a whole number.", "payload[value]", "parameter_invalid_integer")
    world.get("customer", str(payload.get("stripe_customer_id", "")), call.account, param="payload[stripe_customer_id]")
    identifier = call.text("identifier") or world.fresh("mevt")
    known = world.find("billing.meter_event", identifier, call.account)
    if known is not None:
        raise wrong(f"An event already exists with identifier {identifier}.", "identifier", "duplicate_meter_event")
    obj = {
        "id": identifier, "object": "billing.meter_event", "created": world.now(), "livemode": False,
        "event_name": call.needed("event_name"), "identifier": identifier,
        "payload": dict(payload), "timestamp": call.whole("timestamp") or world.now(),
    }  # fmt: skip
    world.add(obj, call.account)
    return {name: value for name, value in obj.items() if name != "id"}


ROUTES = {"POST /v1/billing/meter_events": create}
