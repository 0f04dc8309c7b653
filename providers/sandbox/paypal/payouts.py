"""Batch payouts: each `sender_batch_id` once in 30 days; items succeed, fail, wait for a recipient, and come back."""

from __future__ import annotations

from datetime import datetime, timedelta

from providers.sandbox.paypal.call import Call, Done
from providers.sandbox.paypal.problems import Json, Problem, business, wrong
from providers.sandbox.paypal.world import World, read_amount, text, v1_amount

_UNCLAIMED_FOR = timedelta(days=30)
_LONGEST_ITEM_ID = 63
_EVENTS = {"SUCCESS": "SUCCEEDED", "ONHOLD": "HELD"}
_FINAL = frozenset({"SUCCESS", "FAILED", "RETURNED", "BLOCKED", "DENIED", "REFUNDED", "CANCELED"})
_GONE_OUT = frozenset({"SUCCESS", "UNCLAIMED", "ONHOLD"})


def create(world: World, call: Call) -> Done:
    """`POST /v1/payments/payouts`."""
    call.only("sender_batch_header", "items")
    header, items = call.body.get("sender_batch_header"), call.body.get("items")
    if not isinstance(header, dict) or not isinstance(items, list) or not 0 < len(items) <= 15_000:
        raise wrong("MISSING_REQUIRED_PARAMETER", "sender_batch_header and items are required")
    sender_id = header.get("sender_batch_id")
    _refuse_used(world, sender_id)
    read = [_read(item, number) for number, item in enumerate(items)]
    _refuse_without_funds(world, read)
    batch_id = world.fresh()
    batch: Json = {
        "batch_header": {
            "payout_batch_id": batch_id, "batch_status": "PENDING", "sender_batch_header": header, "time_created": world.stamp(),
        },
        "links": [world.link(f"/v1/payments/payouts/{batch_id}")],
    }  # fmt: skip
    world.table("batch")[batch_id] = batch
    world.hidden[batch_id] = {"made_at": text(world.now()), "items": []}
    shown: Json = {"batch_header": dict(batch["batch_header"]), "links": batch["links"]}
    for item, (minor, currency) in zip(items, read, strict=True):
        _make_item(world, batch_id, sender_id, item, minor, currency)
    _sum_up(world, batch_id)
    return Done(201, shown)


def _read(item: Json, number: int) -> tuple[int, str]:
    if not item.get("receiver") or item.get("recipient_type") not in ("EMAIL", "PHONE", "PAYPAL_ID", "USER_HANDLE"):
        raise wrong("INVALID_PARAMETER", "receiver and recipient_type are required", f"items[{number}]")
    if len(str(item.get("sender_item_id") or "")) > _LONGEST_ITEM_ID:
        raise wrong("INVALID_STRING_LENGTH", "sender_item_id is too long", f"items[{number}].sender_item_id")
    return read_amount(item.get("amount"), f"items[{number}].amount", currency="currency")


def _refuse_used(world: World, sender_id: str | None) -> None:
    since = world.now() - timedelta(seconds=world.config.payouts_life_s)
    for batch_id, batch in world.table("batch").items():
        made_at = datetime.fromisoformat(world.hidden[batch_id]["made_at"])
        if sender_id and batch["batch_header"]["sender_batch_header"].get("sender_batch_id") == sender_id and made_at > since:
            raise Problem(
                400, "USER_BUSINESS_ERROR", "User business error.", issue="Batch with given sender_batch_id already exists",
                field="SENDER_BATCH_ID", links=[world.link(f"/v1/payments/payouts/{batch_id}")],
            )  # fmt: skip


def _refuse_without_funds(world: World, read: list[tuple[int, str]]) -> None:
    if world.config.funds is None:
        return
    for currency in {currency for _, currency in read}:
        wanted = sum(minor + world.config.payout_fee for minor, other in read if other == currency)
        if wanted > world.config.funds.get(currency, 0):
            raise Problem(422, "INSUFFICIENT_FUNDS", "Sender does not have sufficient funds. Please add funds and retry.")


def _make_item(world: World, batch_id: str, sender_id: str | None, item: Json, minor: int, currency: str) -> None:
    item_id = world.fresh()
    made: Json = {
        "payout_item_id": item_id, "transaction_status": "PENDING", "payout_batch_id": batch_id, "payout_item": dict(item),
        "payout_item_fee": v1_amount(world.config.payout_fee, currency), "links": [world.link(f"/v1/payments/payouts-item/{item_id}")],
    } | ({"sender_batch_id": sender_id} if sender_id else {})  # fmt: skip
    world.table("item")[item_id] = made
    world.hidden[batch_id]["items"].append(item_id)
    world.hidden[item_id] = {"since": text(world.now()), "amount": minor, "currency": currency}
    world.note("payout", item_id, minor, currency, custom=item.get("sender_item_id"), batch=sender_id)
    outcome = world.config.payout_outcomes.get(str(item["receiver"]), "SUCCESS")
    if outcome != "PENDING":
        become(world, item_id, outcome)


def become(world: World, item_id: str, status: str) -> Json:
    """The item gets another status: its money moves, and its event is told.

    Raises:
        Problem: it has ended otherwise before.
    """
    item, hidden = world.find("item", item_id), world.hidden[item_id]
    before = item["transaction_status"]
    if before in _FINAL and not (before == "SUCCESS" and status in ("RETURNED", "REFUNDED")):
        raise business("ITEM_ALREADY_FINAL", f"The item is {before}")
    item |= {"transaction_status": status, "time_processed": world.stamp()}
    hidden["since"] = text(world.now())
    minor, currency, fee = hidden["amount"], hidden["currency"], world.config.payout_fee
    if status in _GONE_OUT and before not in _GONE_OUT:
        item["transaction_id"] = world.fresh()
        world.move("T0001", item["transaction_id"], -minor, currency, fee=fee, custom=item["payout_item"].get("sender_item_id"))
    elif status in ("RETURNED", "REFUNDED", "CANCELED", "BLOCKED") and before in _GONE_OUT:
        # The fee comes back with the money.
        world.move(
            "T1114", world.fresh(), minor, currency, fee=-fee, parent=item["transaction_id"],
            custom=item["payout_item"].get("sender_item_id"),
        )  # fmt: skip
    if status in ("FAILED", "RETURNED", "BLOCKED"):
        item["errors"] = {"name": "RECEIVER_UNREGISTERED", "message": "Receiver is unregistered"}
    world.emit(f"PAYMENT.PAYOUTS-ITEM.{_EVENTS.get(status, status)}", "payouts_item", item, version=None)
    _sum_up(world, item["payout_batch_id"])
    return item


def age(world: World) -> None:
    """What time does by itself: unclaimed items come back after 30 days."""
    for item_id, item in list(world.table("item").items()):
        since = datetime.fromisoformat(world.hidden[item_id]["since"])
        if item["transaction_status"] == "UNCLAIMED" and world.now() - since >= _UNCLAIMED_FOR:
            become(world, item_id, "RETURNED")


def _sum_up(world: World, batch_id: str) -> None:
    header = world.table("batch")[batch_id]["batch_header"]
    items = [world.table("item")[item_id] for item_id in world.hidden[batch_id]["items"]]
    waiting = any(item["transaction_status"] == "PENDING" for item in items)
    header["batch_status"] = "PROCESSING" if waiting else "SUCCESS"


def get(world: World, call: Call) -> Done:
    """`GET /v1/payments/payouts/{id}`: with its items, paged."""
    batch = world.find("batch", call.at["id"])
    size, page = int(call.query.get("page_size", "1000")), int(call.query.get("page", "1"))
    ids = world.hidden[call.at["id"]]["items"][(page - 1) * size : page * size]
    return Done(200, batch | {"items": [world.table("item")[item_id] for item_id in ids]})


def get_item(world: World, call: Call) -> Done:
    """`GET /v1/payments/payouts-item/{id}`."""
    return Done(200, world.find("item", call.at["id"]))


def cancel_item(world: World, call: Call) -> Done:
    """`POST /v1/payments/payouts-item/{id}/cancel`: an unclaimed item is called back."""
    item = world.find("item", call.at["id"])
    if item["transaction_status"] != "UNCLAIMED":
        raise Problem(400, "ITEM_NOT_CANCELLABLE", "The item has been cancelled or claimed.")
    return Done(200, become(world, item["payout_item_id"], "RETURNED"))


ROUTES = {
    "POST /v1/payments/payouts": create,
    "GET /v1/payments/payouts/{id}": get,
    "GET /v1/payments/payouts-item/{id}": get_item,
    "POST /v1/payments/payouts-item/{id}/cancel": cancel_item,
}
