"""Transaction search and the list of events: both in windows of time, paged, and as late as the settings say."""

from __future__ import annotations

from datetime import datetime, timedelta

from providers.sandbox.paypal.call import Call, Done
from providers.sandbox.paypal.problems import Json, missing, wrong
from providers.sandbox.paypal.world import World, text

_LONGEST = timedelta(days=31)
_OLDEST = timedelta(days=3 * 366)
_KEPT = timedelta(days=30)
_MOST_PAGE = 500
_PAGE = _MOST_PAGE // 5


def transactions(world: World, call: Call) -> Done:
    """`GET /v1/reporting/transactions`."""
    start, end = _instant(call, "start_date"), _instant(call, "end_date")
    if end < start or end - start > _LONGEST:
        raise wrong("INVALID_DATE_RANGE", "Date range is greater than 31 days", "end_date")
    if start < world.now() - _OLDEST:
        raise wrong("DATA_NOT_AVAILABLE", "Data is available for the last three years", "start_date")
    status, one = call.query.get("transaction_status"), call.query.get("transaction_id")
    found = [
        moved["row"] for moved in world.movements
        if start <= moved["at"] <= end and moved["_seen_at"] <= world.now()
        and status in (None, moved["row"]["transaction_status"]) and one in (None, moved["row"]["transaction_id"])
    ]  # fmt: skip
    if len(found) > world.config.reports_most:
        raise wrong("RESULTSET_TOO_LARGE", "Result set size is greater than the maximum limit. Change the filter criteria.")
    size, page = _whole(call, "page_size", _PAGE, _MOST_PAGE), _whole(call, "page", 1, 2**31)
    pages = -(-len(found) // size)
    return Done(200, {
        "transaction_details": [{"transaction_info": row} for row in found[(page - 1) * size : page * size]],
        "account_number": "SANDBOXMERCHANT", "start_date": text(start), "end_date": text(end),
        "last_refreshed_datetime": text(world.now() - timedelta(seconds=world.config.reports_late_s)),
        "page": page, "total_items": len(found), "total_pages": pages, "links": [],
    })  # fmt: skip


def events(world: World, call: Call) -> Done:
    """`GET /v1/notifications/webhooks-events`: newest first, of the last 30 days."""
    start = _instant(call, "start_time") if "start_time" in call.query else world.now() - _KEPT
    end = _instant(call, "end_time") if "end_time" in call.query else world.now()
    kind, size = call.query.get("event_type"), _whole(call, "page_size", 10, 300)
    found = [
        event for event in reversed(world.table("event").values())
        if start <= datetime.fromisoformat(event["create_time"]) <= end and kind in (None, event["event_type"])
    ]  # fmt: skip
    after = _whole(call, "next_page_token", 0, 2**31)
    shown = found[after : after + size]
    links: list[Json] = []
    if after + size < len(found):
        query = "&".join(f"{name}={value}" for name, value in (call.query | {"next_page_token": str(after + size)}).items())
        links = [world.link(f"/v1/notifications/webhooks-events?{query}", "next")]
    return Done(200, {"events": shown, "count": len(shown), "links": links})


def event(world: World, call: Call) -> Done:
    """`GET /v1/notifications/webhooks-events/{id}`."""
    return Done(200, world.find("event", call.at["id"]))


def resend(world: World, call: Call) -> Done:
    """`POST /v1/notifications/webhooks-events/{id}/resend`."""
    found = world.find("event", call.at["id"])
    world.hidden.setdefault("resend", {"ids": []})["ids"].append(found["id"])
    world.wake.notify_all()
    return Done(202, found)


def _instant(call: Call, name: str) -> datetime:
    try:
        at = datetime.fromisoformat(call.query[name].replace(" ", "+"))
    except (KeyError, ValueError):
        raise wrong("INVALID_PARAMETER_SYNTAX", f"{name} must be an RFC 3339 time", name) from None
    if at.tzinfo is None:
        raise wrong("INVALID_PARAMETER_SYNTAX", f"{name} must have an offset", name)
    return at


def _whole(call: Call, name: str, default: int, most: int) -> int:
    told = call.query.get(name, str(default))
    if not told.isdigit() or int(told) > most:
        raise wrong("INVALID_PARAMETER_VALUE", f"{name} must be a number of at most {most}", name)
    return int(told)


def nothing_there(world: World, call: Call) -> Done:  # noqa: ARG001 - a resource like the others
    """What the sandbox does not know."""
    raise missing(call.path)


ROUTES = {
    "GET /v1/reporting/transactions": transactions,
    "GET /v1/notifications/webhooks-events": events,
    "GET /v1/notifications/webhooks-events/{id}": event,
    "POST /v1/notifications/webhooks-events/{id}/resend": resend,
}
