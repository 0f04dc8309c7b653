"""Disputes: opened by a buyer (control), answered by us, decided by PayPal (control); the money is held meanwhile.

A lost one costs `dispute_fee` beyond the contested money, unless it never got further than an inquiry.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlencode

from providers.sandbox.paypal.call import Call, Done
from providers.sandbox.paypal.problems import Json, Problem, business, wrong
from providers.sandbox.paypal.world import World, amount_of, read_amount, text

_SELLER_WON = frozenset({"RESOLVED_SELLER_FAVOUR", "CANCELED_BY_BUYER", "DENIED", "RESOLVED_WITH_PAYOUT"})
_RESPOND_WITHIN = timedelta(days=10)
_LISTED_FOR, _MOST_PAGE = timedelta(days=180), 50
_SUMMARY = (
    "dispute_id", "create_time", "update_time", "reason", "status", "dispute_state", "dispute_amount", "dispute_life_cycle_stage",
    "seller_response_due_date", "links",
)  # fmt: skip
"""What the list shows of a dispute."""


def open_dispute(world: World, transaction_id: str, minor: int | None, reason: str, stage: str) -> Json:
    """A buyer contests a capture or sale; in the stages after INQUIRY the money is held."""
    paid = world.table("capture").get(transaction_id) or world.find("sale", transaction_id)
    amount = paid["amount"]
    names = ("total", "currency") if "total" in amount else ("value", "currency_code")
    came, currency = read_amount(amount, "amount", value=names[0], currency=names[1])
    dispute_id = world.fresh("PP-D-")
    held = amount_of(min(minor or came, came), currency)
    dispute: Json = {
        "dispute_id": dispute_id, "create_time": world.stamp(), "update_time": world.stamp(), "reason": reason,
        "status": "WAITING_FOR_SELLER_RESPONSE", "dispute_state": "REQUIRED_ACTION", "dispute_life_cycle_stage": stage,
        "dispute_amount": held, "disputed_transactions": [{"seller_transaction_id": transaction_id}], "evidences": [],
        "seller_response_due_date": text(world.now() + _RESPOND_WITHIN), "fund_movements": [],
        "links": [world.link(f"/v1/customer/disputes/{dispute_id}")],
    }  # fmt: skip
    world.table("dispute")[dispute_id] = dispute
    world.hidden[dispute_id] = {"held": False}
    if stage != "INQUIRY":
        _hold(world, dispute)
    world.emit("CUSTOMER.DISPUTE.CREATED", "dispute", dispute, version=None)
    return dispute


def _hold(world: World, dispute: Json) -> None:
    minor, currency = read_amount(dispute["dispute_amount"], "amount")
    world.hidden[dispute["dispute_id"]]["held"] = True
    _moved(world, "DEBIT", dispute)
    world.move("T1110", world.fresh(), -minor, currency, parent=dispute["disputed_transactions"][0]["seller_transaction_id"])


def _moved(world: World, direction: str, dispute: Json, reason: str = "DISPUTE_SETTLEMENT", amount: Json | None = None) -> None:
    dispute["fund_movements"].append({
        "party": "SELLER", "type": direction, "reason": reason, "amount": amount or dispute["dispute_amount"],
        "initiated_time": world.stamp(),
    })  # fmt: skip


def _charge_fee(world: World, dispute: Json) -> None:
    fee, (_, currency) = world.config.dispute_fee, read_amount(dispute["dispute_amount"], "amount")
    if not fee or dispute["dispute_life_cycle_stage"] == "INQUIRY":
        return
    _moved(world, "DEBIT", dispute, "CHARGEBACK_FEE", amount_of(fee, currency))
    world.move("T0106", world.fresh(), -fee, currency, parent=dispute["disputed_transactions"][0]["seller_transaction_id"])


def escalate(world: World, dispute_id: str, stage: str) -> Json:
    """The buyer does not give in: an inquiry becomes a claim, and the money is held."""
    dispute = _open(world, dispute_id)
    dispute |= {"dispute_life_cycle_stage": stage, "status": "WAITING_FOR_SELLER_RESPONSE", "update_time": world.stamp()}
    if not world.hidden[dispute_id]["held"]:
        _hold(world, dispute)
    world.emit("CUSTOMER.DISPUTE.UPDATED", "dispute", dispute, version=None)
    return dispute


def resolve(world: World, dispute_id: str, outcome: str) -> Json:
    """PayPal decides; what was held goes back, or to the buyer."""
    dispute = _open(world, dispute_id)
    minor, currency = read_amount(dispute["dispute_amount"], "amount")
    transaction = dispute["disputed_transactions"][0]["seller_transaction_id"]
    held = world.hidden[dispute_id]["held"]
    if outcome in _SELLER_WON and held:
        _moved(world, "CREDIT", dispute)
        world.move("T1111", world.fresh(), minor, currency, parent=transaction)
    elif outcome not in _SELLER_WON and not held:
        _moved(world, "DEBIT", dispute)
        world.move("T1106", world.fresh(), -minor, currency, parent=transaction)
    if outcome not in _SELLER_WON:
        _charge_fee(world, dispute)
    dispute |= {
        "status": "RESOLVED", "dispute_state": "RESOLVED", "update_time": world.stamp(),
        "dispute_outcome": {"outcome_code": outcome, "amount_refunded": dispute["dispute_amount"]},
    }  # fmt: skip
    world.emit("CUSTOMER.DISPUTE.RESOLVED", "dispute", dispute, version=None)
    return dispute


def _open(world: World, dispute_id: str) -> Json:
    dispute = world.find("dispute", dispute_id)
    if dispute["status"] == "RESOLVED":
        raise business("ACTION_NOT_ALLOWED_IN_CURRENT_DISPUTE_STATE", "The action is not allowed in the current state of the dispute.")
    return dispute


def get(world: World, call: Call) -> Done:
    """`GET /v1/customer/disputes/{id}`."""
    return Done(200, world.find("dispute", call.at["id"]))


def listed(world: World, call: Call) -> Done:
    """`GET /v1/customer/disputes`: summaries, paged; of 180 days."""
    wanted, since = call.query.get("disputed_transaction_id"), _changed_after(world, call)
    size, first = int(call.query.get("page_size", "10")), int(call.query.get("next_page_token", "0"))
    if not 0 < size <= _MOST_PAGE:
        raise wrong("INVALID_PARAMETER_VALUE", f"page_size must be 1 to {_MOST_PAGE}", "page_size")
    found = [
        dispute for dispute in world.table("dispute").values()
        if wanted in (None, dispute["disputed_transactions"][0]["seller_transaction_id"])
        and datetime.fromisoformat(dispute["update_time"]) >= since
    ]  # fmt: skip
    links: list[Json] = []
    if first + size < len(found):
        query = urlencode(call.query | {"next_page_token": str(first + size)})
        links = [world.link(f"/v1/customer/disputes?{query}", "next")]
    shown = [{name: one[name] for name in _SUMMARY if name in one} for one in found[first : first + size]]
    return Done(200, {"items": shown, "links": links})


def _changed_after(world: World, call: Call) -> datetime:
    oldest, told = world.now() - _LISTED_FOR, call.query.get("update_time_after")
    since = oldest if told is None else datetime.fromisoformat(told)
    if since < oldest:
        raise wrong("INVALID_PARAMETER_VALUE", "update_time_after must be within the last 180 days", "update_time_after")
    return since


def accept(world: World, call: Call) -> Done:
    """`POST /v1/customer/disputes/{id}/accept-claim`: the buyer gets the money."""
    call.only("note", "accept_claim_reason", "accept_claim_type", "refund_amount", "invoice_id")
    if not call.body.get("note"):
        raise wrong("MISSING_REQUIRED_PARAMETER", "A note is required", "note")
    dispute = _open(world, call.at["id"])
    world.note("dispute_accepted", dispute["dispute_id"], *read_amount(dispute["dispute_amount"], "amount"))
    resolve(world, dispute["dispute_id"], "ACCEPTED")
    return Done(200, {"links": dispute["links"]})


def provide_evidence(world: World, call: Call) -> Done:
    """`POST /v1/customer/disputes/{id}/provide-evidence`, a form whose part `input` is JSON."""
    call.only("evidences", "return_address")
    given = call.body.get("evidences")
    if not isinstance(given, list) or not given:
        raise wrong("MISSING_REQUIRED_PARAMETER", "evidences is required", "evidences")
    dispute = _open(world, call.at["id"])
    if dispute["status"] != "WAITING_FOR_SELLER_RESPONSE":
        raise Problem(422, "UNPROCESSABLE_ENTITY", "The dispute does not wait for the seller.", issue="INVALID_DISPUTE_STATUS")
    dispute["evidences"] += [one | {"source": "SUBMITTED_BY_SELLER", "date": world.stamp()} for one in given]
    dispute |= {"status": "UNDER_REVIEW", "dispute_state": "UNDER_PAYPAL_REVIEW", "update_time": world.stamp()}
    world.note("evidence", dispute["dispute_id"], *read_amount(dispute["dispute_amount"], "amount"))
    world.emit("CUSTOMER.DISPUTE.UPDATED", "dispute", dispute, version=None)
    return Done(200, {"links": dispute["links"]})


ROUTES = {
    "GET /v1/customer/disputes": listed,
    "GET /v1/customer/disputes/{id}": get,
    "POST /v1/customer/disputes/{id}/accept-claim": accept,
    "POST /v1/customer/disputes/{id}/provide-evidence": provide_evidence,
}
