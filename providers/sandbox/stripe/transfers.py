"""Transfers from the platform to connected accounts, and their reversals."""

from __future__ import annotations

from collections.abc import Sequence

from providers.sandbox.stripe.call import Call
from providers.sandbox.stripe.customers import merged
from providers.sandbox.stripe.events import change, emit
from providers.sandbox.stripe.ledger import book, fee_part, need, part_of
from providers.sandbox.stripe.lists import PAGING, equal, page
from providers.sandbox.stripe.problems import Json, refused
from providers.sandbox.stripe.world import World


def create(world: World, call: Call) -> Json:
    """`POST /v1/transfers`: from the available balance, or out of one charge before its money is available."""
    call.only("amount", "currency", "destination", "description", "source_transaction", "source_type", "transfer_group")
    amount, currency, destination = call.needed_amount(), call.currency(), call.needed("destination")
    account = world.get("account", destination, param="destination")
    source, free_at = call.text("source_transaction"), None
    group = call.text("transfer_group")
    if source is not None:
        charge = world.get("charge", source, param="source_transaction")
        free_at = _out_of(world, charge, amount, currency)
        group = group or charge["transfer_group"]
    if account["capabilities"].get("transfers") != "active":
        raise refused(
            "Your destination account needs to have at least one of the following capabilities enabled: transfers",
            "insufficient_capabilities_for_transfer",
        )
    if source is None:
        need(world, None, currency, amount)
    return send(
        world, amount, currency, destination, free_at=free_at, source=source, group=group, metadata=call.metadata(),
        description=call.text("description"),
    )  # fmt: skip


def _out_of(world: World, charge: Json, amount: int, currency: str) -> int:
    """When the money of the transfer's source is available, if it is enough."""
    if charge["currency"] != currency:
        raise refused("The currency of source_transaction's balance transaction is another one.", param="currency")
    sent = sum(row["amount"] for row in world.table("transfer").rows if row["source_transaction"] == charge["id"])
    if sent + amount > charge["amount_captured"]:
        raise refused(
            f"Cannot use {charge['id']} as the source_transaction for this transfer: its amount is used up.",
            "transfer_source_balance_parameters_mismatch",
        )
    found: int = world.get("balance_transaction", charge["balance_transaction"])["available_on"]
    return found


def send(
    world: World, amount: int, currency: str, destination: str, *, free_at: int | None, source: str | None, group: str | None,
    metadata: Json, fees: Sequence[Json] = (), description: str | None = None,
) -> Json:  # fmt: skip
    """Move the money and tell of it; the account gets a payment of its own, `fees` taken from it."""
    transfer = world.base("transfer", "tr")
    payment = world.fresh("py")
    out = book(world, None, "transfer", -amount, currency, source=transfer["id"], available_on=free_at, description=description)
    into = book(world, destination, "payment", amount, currency, source=payment, available_on=free_at, fees=fees)
    reversals: Json = {"object": "list", "data": [], "has_more": False, "url": f"/v1/transfers/{transfer['id']}/reversals"}
    transfer |= {
        "amount": amount, "amount_reversed": 0, "balance_transaction": out["id"], "currency": currency, "description": description,
        "destination": destination, "destination_payment": payment, "metadata": metadata, "reversals": reversals, "reversed": False,
        "source_transaction": source, "source_type": "card", "transfer_group": group,
    }  # fmt: skip
    world.add(transfer)
    world.hidden[transfer["id"]] = {"fees": sum(fee["amount"] for fee in fees)}
    world.add(_payment(world, payment, transfer, into), destination)
    world.note("transfer", transfer, amount, None)
    emit(world, "transfer.created", transfer)
    return transfer


def _payment(world: World, name: str, transfer: Json, row: Json) -> Json:
    """What the connected account sees of the transfer: a charge named `py_`."""
    return world.base("charge", "py") | {
        "id": name, "amount": transfer["amount"], "amount_captured": transfer["amount"], "amount_refunded": 0, "captured": True,
        "application": "ca_sandbox", "application_fee": None, "application_fee_amount": row["fee"] or None,
        "balance_transaction": row["id"],
        "currency": transfer["currency"], "customer": None, "description": None, "disputed": False, "failure_code": None,
        "failure_message": None, "on_behalf_of": None, "outcome": None, "paid": True, "payment_intent": None, "payment_method": None,
        "payment_method_details": {"stripe_account": {}, "type": "stripe_account"}, "refunded": False,
        "source_transfer": transfer["id"], "status": "succeeded", "transfer_data": None, "transfer_group": None,
    }  # fmt: skip


def back(
    world: World, transfer: Json, amount: int, *, metadata: Json, fee_back: int = 0, refund: str | None = None,
) -> Json:  # fmt: skip
    """Take `amount` back from the connected account; `fee_back` is what it gets back of our application fee.

    Raises:
        Problem: more than is left, or than the account's balance covers.
    """
    left = transfer["amount"] - transfer["amount_reversed"]
    if amount > left:
        raise refused(
            f"Reversal amount ({amount} {transfer['currency']}) is greater than unreversed amount on transfer "
            f"({left} {transfer['currency']})",
            param="amount",
        )
    account, currency = transfer["destination"], transfer["currency"]
    if not world.config.allow_negative:
        need(world, account, currency, amount - fee_back, pending=True)
    free_at = world.get("balance_transaction", transfer["balance_transaction"])["available_on"]
    reversal = world.base("transfer_reversal", "trr")
    del reversal["livemode"]
    payment_refund = world.fresh("pyr")
    fees = [fee_part("application_fee", -fee_back, currency)] if fee_back else []
    row = book(world, None, "transfer_refund", amount, currency, source=reversal["id"], available_on=free_at)
    book(world, account, "payment_refund", -amount, currency, source=payment_refund, available_on=free_at, fees=fees)
    reversal |= {
        "amount": amount, "balance_transaction": row["id"], "currency": currency, "destination_payment_refund": payment_refund,
        "metadata": metadata, "source_refund": refund, "transfer": transfer["id"],
    }  # fmt: skip
    world.add(reversal)
    listed = {**transfer["reversals"], "data": [reversal, *transfer["reversals"]["data"]][:10]}
    before = change(transfer, amount_reversed=transfer["amount_reversed"] + amount, reversed=amount == left, reversals=listed)
    payment = world.get("charge", transfer["destination_payment"], account)
    change(payment, amount_refunded=transfer["amount_reversed"], refunded=transfer["reversed"])
    world.note("transfer_reversal", reversal, amount, None)
    emit(world, "transfer.reversed", transfer, previous=before)
    return reversal


def refund_fee(world: World, fee: Json, amount: int, *, metadata: Json, paid_back: bool) -> Json:
    """Give back a part of an application fee; `paid_back`: the account's share is in a reversal already."""
    left = fee["amount"] - fee["amount_refunded"]
    if amount > left:
        raise refused(f"Refund amount ({amount}) is greater than unrefunded amount on fee ({left})", param="amount")
    made = world.base("fee_refund", "fr")
    del made["livemode"]
    free_at = world.get("balance_transaction", fee["balance_transaction"])["available_on"]
    row = book(world, None, "application_fee_refund", -amount, fee["currency"], source=made["id"], available_on=free_at)
    if not paid_back:
        book(world, fee["account"], "adjustment", amount, fee["currency"], source=made["id"], available_on=free_at,
             category="fee", description="application fee returned")  # fmt: skip
    made |= {"amount": amount, "balance_transaction": row["id"], "currency": fee["currency"], "fee": fee["id"],
             "metadata": metadata}  # fmt: skip
    world.add(made)
    listed = {**fee["refunds"], "data": [made, *fee["refunds"]["data"]][:10]}
    before = change(fee, amount_refunded=fee["amount_refunded"] + amount, refunded=amount == left, refunds=listed)
    world.note("application_fee_refund", made, amount, None)
    emit(world, "application_fee.refunded", fee, previous=before)
    return made


def reverse(world: World, call: Call) -> Json:
    """`POST /v1/transfers/{id}/reversals`."""
    call.only("amount", "description", "refund_application_fee")
    transfer = world.get("transfer", call.at["id"])
    amount = call.amount() or transfer["amount"] - transfer["amount_reversed"]
    if not amount:
        raise refused("The transfer has already been fully reversed.", "transfer_already_reversed")
    fees = [row for row in world.table("application_fee").rows if row["charge"] == transfer["destination_payment"]]
    share = 0
    if call.flag("refund_application_fee") and fees:
        done = transfer["amount_reversed"] + amount
        share = max(0, part_of(fees[0]["amount"], done, transfer["amount"]) - fees[0]["amount_refunded"])
    reversal = back(world, transfer, amount, metadata=call.metadata(), fee_back=share)
    if share:
        refund_fee(world, fees[0], share, metadata={}, paid_back=True)
    return reversal


def reversals(world: World, call: Call) -> Json:
    """`GET /v1/transfers/{id}/reversals`."""
    call.only(*PAGING)
    world.get("transfer", call.at["id"])
    return page(world, call, "transfer_reversal", lambda row: row["transfer"] == call.at["id"])


def fee_refund(world: World, call: Call) -> Json:
    """`POST /v1/application_fees/{id}/refunds`."""
    call.only("amount")
    fee = world.get("application_fee", call.at["id"])
    return refund_fee(
        world, fee, call.amount() or fee["amount"] - fee["amount_refunded"], metadata=call.metadata(), paid_back=False
    )


def fee_refunds(world: World, call: Call) -> Json:
    """`GET /v1/application_fees/{id}/refunds`."""
    call.only(*PAGING)
    return page(world, call, "fee_refund", lambda row: row["fee"] == call.at["id"])


def get(world: World, call: Call) -> Json:
    """`GET /v1/transfers/{id}`."""
    return world.get("transfer", call.at["id"], call.account)


def reversal_get(world: World, call: Call) -> Json:
    """`GET /v1/transfers/{id}/reversals/{reversal}`."""
    return world.get("transfer_reversal", call.at["reversal"])


def listed(world: World, call: Call) -> Json:
    """`GET /v1/transfers`."""
    return page(world, call, "transfer", equal(call, "destination", "transfer_group"))


def update(world: World, call: Call) -> Json:
    """`POST /v1/transfers/{id}`."""
    call.only("description")
    transfer = world.get("transfer", call.at["id"])
    before = change(transfer, metadata=merged(transfer, call))
    if before:
        emit(world, "transfer.updated", transfer, previous=before)
    return transfer


ROUTES = {
    "POST /v1/transfers": create,
    "GET /v1/transfers": listed,
    "GET /v1/transfers/{id}": get,
    "POST /v1/transfers/{id}": update,
    "POST /v1/transfers/{id}/reversals": reverse,
    "GET /v1/transfers/{id}/reversals": reversals,
    "GET /v1/transfers/{id}/reversals/{reversal}": reversal_get,
    "POST /v1/application_fees/{id}/refunds": fee_refund,
    "GET /v1/application_fees/{id}/refunds": fee_refunds,
}
