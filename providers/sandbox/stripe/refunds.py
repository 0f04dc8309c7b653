"""Refunds: part by part up to what was charged, with the connected account's and our fee's share taken along on request."""

from __future__ import annotations

from providers.sandbox.stripe.call import Call
from providers.sandbox.stripe.customers import merged
from providers.sandbox.stripe.events import change, emit
from providers.sandbox.stripe.ledger import book, need, part_of
from providers.sandbox.stripe.lists import equal, page
from providers.sandbox.stripe.methods import behaviour
from providers.sandbox.stripe.problems import Json, refused, wrong
from providers.sandbox.stripe.transfers import back, refund_fee
from providers.sandbox.stripe.world import World

_REASONS = ("duplicate", "fraudulent", "requested_by_customer")
_DAY_S = 86400


def create(world: World, call: Call) -> Json:
    """`POST /v1/refunds`."""
    call.only("amount", "charge", "instructions_email", "payment_intent", "reason", "refund_application_fee", "reverse_transfer")
    reason = call.one_of("reason", _REASONS)
    charge = _charge(world, call)
    left = charge["amount_captured"] - charge["amount_refunded"]
    amount = _amount(world, call, charge, left)
    if not world.config.allow_negative:
        need(world, call.account, charge["currency"], amount, pending=True)
    after = charge["amount_refunded"] + amount
    refund = world.base("refund", "pyr" if charge["id"].startswith("py_") else "re")
    del refund["livemode"]
    refund |= _shape(charge, amount, reason, call.metadata())
    how = behaviour(world, world.get("payment_method", charge["payment_method"], call.account)) if charge["payment_method"] else None
    refund["status"] = "pending" if how and how.refund == "pending" else "succeeded"
    _take_shares(world, call, charge, refund, after)
    row = book(world, call.account, _kind(charge, "refund"), -amount, charge["currency"], source=refund["id"],
               available_on=_free_at(world, charge, call.account))  # fmt: skip
    refund["balance_transaction"] = row["id"]
    world.add(refund, call.account)
    world.note("refund", refund, amount, call.account)
    if how and how.refund:
        world.timers[refund["id"]] = {"due": world.now() + _DAY_S, "ends": how.refund}
    before = change(charge, amount_refunded=after, refunded=after == charge["amount"])
    emit(world, "refund.created", refund, owner=call.account)
    emit(world, "charge.refunded", charge, owner=call.account, previous=before)
    return refund


def _charge(world: World, call: Call) -> Json:
    name, intent = call.text("charge"), call.text("payment_intent")
    if name is None and intent is None:
        raise wrong("One of the following params should be provided for this request: payment_intent or charge.")
    if intent is not None:
        held = world.get("payment_intent", intent, call.account, param="payment_intent")
        if name is not None and held["latest_charge"] != name:
            raise wrong("The charge is not of that payment_intent.", "charge")
        name = held["latest_charge"]
        if name is None:
            raise refused("This PaymentIntent does not have a successful charge to refund.", param="payment_intent")
    charge = world.get("charge", str(name), call.account, param="charge")
    if not charge["captured"]:
        raise refused(f"Charge {charge['id']} has not been captured.", "charge_not_refundable", "charge")
    return charge


def _amount(world: World, call: Call, charge: Json, left: int) -> int:
    if left == 0:
        raise refused(f"Charge {charge['id']} has already been refunded.", "charge_already_refunded", "charge")
    if world.hidden.get(charge["id"], {}).get("charged_back"):
        raise refused(f"Charge {charge['id']} has been charged back; cannot issue a refund.", "charge_disputed", "charge")
    amount = call.amount() or left
    if amount > left:
        raise refused(
            f"Refund amount ({amount} {charge['currency']}) is greater than unrefunded amount on charge ({left} {charge['currency']})",
            param="amount",
        )
    return amount


def _shape(charge: Json, amount: int, reason: str | None, metadata: Json) -> Json:
    kind = charge["payment_method_details"]["type"]
    return {
        "amount": amount, "balance_transaction": None, "charge": charge["id"], "currency": charge["currency"],
        "customer": charge["customer"], "customer_account": None, "destination_details": {kind: {"type": "refund"}, "type": kind},
        "metadata": metadata, "payment_intent": charge["payment_intent"], "payment_method": charge["payment_method"],
        "reason": reason, "receipt_number": None, "source_transfer_reversal": None, "transfer_reversal": None,
    }  # fmt: skip


def _take_shares(world: World, call: Call, charge: Json, refund: Json, after: int) -> None:
    """The transfer's and the fee's parts in proportion, cumulative, so that all parts of a whole refund add up."""
    fee = _fee(world, charge) if call.flag("refund_application_fee") else None
    share = max(0, part_of(fee["amount"], after, charge["amount_captured"]) - fee["amount_refunded"]) if fee else 0
    if call.flag("reverse_transfer"):
        if not charge["transfer"]:
            raise refused("Cannot reverse transfer on a charge without one.", param="reverse_transfer")
        transfer = world.get("transfer", charge["transfer"])
        amount = part_of(transfer["amount"], after, charge["amount_captured"]) - transfer["amount_reversed"]
        if amount > 0:
            reversal = back(world, transfer, amount, metadata={}, fee_back=share, refund=refund["id"])
            refund["transfer_reversal"] = reversal["id"]
    elif call.flag("refund_application_fee") and fee is None:
        raise refused("Cannot refund an application fee on a charge without one.", param="refund_application_fee")
    if fee and share:
        refund_fee(world, fee, share, metadata={}, paid_back=refund["transfer_reversal"] is not None)


def _fee(world: World, charge: Json) -> Json | None:
    return world.find("application_fee", charge["application_fee"]) if charge["application_fee"] else None


def fail(world: World, refund: Json, owner: str | None, reason: str = "lost_or_stolen_card") -> None:
    """The bank could not pay it back: the money returns to the balance, and the charge counts as less refunded."""
    if refund["status"] not in ("pending", "succeeded", "requires_action"):
        raise refused(f"A refund that is {refund['status']} cannot fail.")
    charge = world.get("charge", refund["charge"], owner)
    row = book(world, owner, _kind(charge, "refund_failure"), refund["amount"], refund["currency"], source=refund["id"])
    before = change(refund, status="failed", failure_reason=reason, failure_balance_transaction=row["id"])
    _less(world, charge, refund, owner)
    world.timers.pop(refund["id"], None)
    emit(world, "charge.refund.updated", refund, owner=owner, previous=before)
    emit(world, "refund.updated", refund, owner=owner, previous=before)
    emit(world, "refund.failed", refund, owner=owner)


def succeed(world: World, refund: Json, owner: str | None) -> None:
    """A pending refund has reached the payer."""
    before = change(refund, status="succeeded")
    world.timers.pop(refund["id"], None)
    emit(world, "charge.refund.updated", refund, owner=owner, previous=before)
    emit(world, "refund.updated", refund, owner=owner, previous=before)


def cancel(world: World, call: Call) -> Json:
    """`POST /v1/refunds/{id}/cancel`: one that has not been paid out."""
    refund = world.get("refund", call.at["id"], call.account)
    if refund["status"] not in ("requires_action", "pending"):
        raise refused(f"Refund {refund['id']} cannot be canceled: it is {refund['status']}.", "refund_not_cancelable")
    charge = world.get("charge", refund["charge"], call.account)
    row = book(world, call.account, _kind(charge, "refund_failure"), refund["amount"], refund["currency"], source=refund["id"])
    before = change(refund, status="canceled", failure_balance_transaction=row["id"], failure_reason="merchant_request")
    _less(world, charge, refund, call.account)
    world.timers.pop(refund["id"], None)
    emit(world, "refund.updated", refund, owner=call.account, previous=before)
    return refund


def _less(world: World, charge: Json, refund: Json, owner: str | None) -> None:
    before = change(charge, amount_refunded=charge["amount_refunded"] - refund["amount"], refunded=False)
    emit(world, "charge.updated", charge, owner=owner, previous=before)


def _kind(charge: Json, kind: str) -> str:
    async_kinds = {"refund": "payment_refund", "refund_failure": "payment_failure_refund"}
    return async_kinds[kind] if charge["id"].startswith("py_") else kind


def _free_at(world: World, charge: Json, owner: str | None) -> int:
    found: int = world.get("balance_transaction", charge["balance_transaction"], owner)["available_on"]
    return found


def update(world: World, call: Call) -> Json:
    """`POST /v1/refunds/{id}`: the metadata."""
    call.only()
    refund = world.get("refund", call.at["id"], call.account)
    before = change(refund, metadata=merged(refund, call))
    if before:
        emit(world, "refund.updated", refund, owner=call.account, previous=before)
    return refund


def get(world: World, call: Call) -> Json:
    """`GET /v1/refunds/{id}`."""
    return world.get("refund", call.at["id"], call.account)


def listed(world: World, call: Call) -> Json:
    """`GET /v1/refunds`."""
    return page(world, call, "refund", equal(call, "charge", "payment_intent"))


ROUTES = {
    "POST /v1/refunds": create,
    "GET /v1/refunds": listed,
    "GET /v1/refunds/{id}": get,
    "POST /v1/refunds/{id}": update,
    "POST /v1/refunds/{id}/cancel": cancel,
}
