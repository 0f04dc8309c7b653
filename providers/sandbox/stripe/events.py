"""Events: what changed, as it was at that moment, and the list that Stripe keeps of them for 30 days."""

from __future__ import annotations

import msgspec

from providers.sandbox.stripe.call import Call
from providers.sandbox.stripe.lists import page
from providers.sandbox.stripe.problems import Json
from providers.sandbox.stripe.world import API_VERSION, World

_KEPT_S = 30 * 86400


def emit(world: World, kind: str, obj: Json, *, owner: str | None = None, previous: Json | None = None) -> Json:
    """Tell that something happened to `obj`; with `owner` the event is that account's and carries `account`."""
    request, key = world.now_request
    data: Json = {"object": copy(obj)}
    if previous:
        data["previous_attributes"] = copy(previous)
    event: Json = {
        "id": world.fresh("evt"), "object": "event", "api_version": API_VERSION, "created": world.now(), "data": data,
        "livemode": False, "pending_webhooks": world.endpoints, "request": {"id": request, "idempotency_key": key}, "type": kind,
    }  # fmt: skip
    if owner is not None:
        event["account"] = owner
    world.add(event, owner)
    world.wake.notify_all()
    return event


def change(obj: Json, **values: object) -> Json:
    """Set fields; what they were, for `previous_attributes`. Equal ones are left out."""
    before = {name: obj.get(name) for name, value in values.items() if obj.get(name) != value}
    obj.update(values)
    return copy(before)


def copy(obj: Json) -> Json:
    """A deep copy of plain JSON."""
    found: Json = msgspec.json.decode(msgspec.json.encode(obj))
    return found


def get(world: World, call: Call) -> Json:
    """`GET /v1/events/{id}`."""
    return world.get("event", call.at["id"], call.account)


def listed(world: World, call: Call) -> Json:
    """`GET /v1/events`: by type or types, by time, by whether all endpoints took it."""
    call.only("created", "type", "types", "delivery_success", "limit", "starting_after", "ending_before")
    types = call.items("types")
    one = call.text("type")
    delivered = call.flag("delivery_success") if "delivery_success" in call.params else None
    oldest = world.now() - _KEPT_S

    def wanted(event: Json) -> bool:
        fits = event["created"] >= oldest and (not types or event["type"] in types)
        fits = fits and (one is None or event["type"] == one or (one.endswith("*") and event["type"].startswith(one[:-1])))
        failed = event["id"] in world.hidden and world.hidden[event["id"]].get("undelivered", False)
        return fits and (delivered is None or delivered is not failed)

    return page(world, call, "event", wanted)


ROUTES = {"GET /v1/events": listed, "GET /v1/events/{id}": get}
