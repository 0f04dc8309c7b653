"""Charges: money taken by a payment intent, with its fee, and on a destination charge the connected account's part."""

from __future__ import annotations

from providers.sandbox.stripe.call import Call
from providers.sandbox.stripe.customers import merged
from providers.sandbox.stripe.events import change, emit
from providers.sandbox.stripe.ledger import book, fee_part
from providers.sandbox.stripe.lists import equal, page
from providers.sandbox.stripe.methods import Behaviour, behaviour, details
from providers.sandbox.stripe.problems import Json
from providers.sandbox.stripe.transfers import send
from providers.sandbox.stripe.world import World

MESSAGES = {
    "insufficient_funds": "Your card has insufficient funds.",
    "expired_card": "Your card has expired.",
    "incorrect_cvc": "Your card's security code is incorrect.",
    "processing_error": "An error occurred while processing your card. Try again in a little bit.",
}


def make(world: World, intent: Json, method: Json, owner: str | None, *, status: str, captured: bool) -> Json:
    """A charge of the whole intent that has come to `status` (succeeded, pending or failed); money moves by `capture` only."""
    how = behaviour(world, method)
    failed = status == "failed"
    charge = world.base("charge", "py" if how.settles else "ch") | _plain(intent, how)
    charge |= {
        "amount": intent["amount"], "captured": captured and status == "succeeded", "currency": intent["currency"],
        "customer": intent["customer"], "metadata": dict(intent["metadata"]), "payment_intent": intent["id"],
        "paid": status == "succeeded", "payment_method": method["id"], "status": status,
        "failure_code": how.error if failed else None, "failure_message": message(how) if failed else None,
        "outcome": _outcome(how, failed=failed),
    }  # fmt: skip
    return world.add(charge, owner)


def capture(world: World, charge: Json, intent: Json, owner: str | None, amount: int) -> None:
    """The money of a succeeded charge comes in: balance, fees, the destination's part."""
    currency = charge["currency"]
    free_at = world.now() + world.config.available_after_s
    fees = [fee_part("stripe_fee", world.config.fee(amount, currency), currency)]
    ours = min(intent["application_fee_amount"] or 0, amount)
    if owner is not None and ours:
        fees.append(fee_part("application_fee", ours, currency))
    kind = "payment" if charge["id"].startswith("py_") else "charge"
    row = book(world, owner, kind, amount, currency, source=charge["id"], fees=fees, available_on=free_at,
               description=charge["description"])  # fmt: skip
    change(charge, balance_transaction=row["id"], captured=True, amount_captured=amount, paid=True, status="succeeded")
    world.note("capture", charge, amount, owner)
    data = intent["transfer_data"]
    if owner is not None:
        if ours:
            charge["application_fee"] = application_fee(world, owner, charge, charge["id"], ours, free_at)["id"]
            charge["application_fee_amount"] = ours
    elif data:
        _share(world, charge, data, ours, free_at)


def _share(world: World, charge: Json, data: Json, ours: int, free_at: int) -> None:
    """The part of a destination charge that goes on to the connected account."""
    share = min(data.get("amount") or charge["amount_captured"], charge["amount_captured"])
    fees = [fee_part("application_fee", ours, charge["currency"])] if ours else []
    transfer = send(
        world, share, charge["currency"], data["destination"], free_at=free_at, fees=fees, source=charge["id"],
        group=charge["transfer_group"] or f"group_{charge['payment_intent']}", metadata={},
    )  # fmt: skip
    charge["transfer"] = transfer["id"]
    charge["transfer_group"] = transfer["transfer_group"]
    if ours:
        fee = application_fee(world, data["destination"], charge, transfer["destination_payment"], ours, free_at)
        change(charge, application_fee=fee["id"], application_fee_amount=ours)


def application_fee(world: World, account: str, charge: Json, paid_by: str, amount: int, free_at: int) -> Json:
    """Our share of a connected account's money. `paid_by` is the account's own charge or payment."""
    fee = world.base("application_fee", "fee")
    del fee["metadata"]
    refunds: Json = {"object": "list", "data": [], "has_more": False, "url": f"/v1/application_fees/{fee['id']}/refunds"}
    row = book(world, None, "application_fee", amount, charge["currency"], source=fee["id"], available_on=free_at)
    destination = paid_by != charge["id"]
    fee |= {
        "account": account, "amount": amount, "amount_refunded": 0, "application": "ca_sandbox", "balance_transaction": row["id"],
        "charge": paid_by, "currency": charge["currency"], "fee_source": {"charge": paid_by, "type": "charge"},
        "originating_transaction": charge["id"] if destination else None, "refunded": False, "refunds": refunds,
    }  # fmt: skip
    world.add(fee)
    emit(world, "application_fee.created", fee)
    return fee


def message(how: Behaviour) -> str:
    """What the payer is told of a decline."""
    return MESSAGES.get(how.decline or "", "Your card was declined.")


def _outcome(how: Behaviour, *, failed: bool) -> Json:
    base = {"advice_code": None, "network_advice_code": None, "network_decline_code": None, "risk_level": "normal"}
    if failed:
        told = {"network_status": "declined_by_network", "reason": how.decline, "type": "issuer_declined"}
        return base | told | {"seller_message": "The bank did not accept the payment."}
    return base | {"network_status": "approved_by_network", "reason": None, "seller_message": "Payment complete.",
                   "type": "authorized"}  # fmt: skip


def _plain(intent: Json, how: Behaviour) -> Json:
    address = {"city": None, "country": None, "line1": None, "line2": None, "postal_code": None, "state": None}
    return {
        "amount_captured": 0, "amount_refunded": 0, "application": None, "application_fee": None, "application_fee_amount": None,
        "balance_transaction": None, "description": intent["description"], "disputed": False, "failure_balance_transaction": None,
        "billing_details": {"address": address, "email": None, "name": None, "phone": None, "tax_id": None},
        "calculated_statement_descriptor": intent["statement_descriptor"] or "SANDBOX", "fraud_details": {},
        "on_behalf_of": intent["on_behalf_of"], "payment_method_details": {how.kind: details(how), "type": how.kind},
        "receipt_email": intent["receipt_email"], "refunded": False, "review": None, "shipping": None, "source_transfer": None,
        "statement_descriptor": intent["statement_descriptor"], "statement_descriptor_suffix": None, "transfer": None,
        "transfer_data": intent["transfer_data"], "transfer_group": intent["transfer_group"],
    }  # fmt: skip


def get(world: World, call: Call) -> Json:
    """`GET /v1/charges/{id}`."""
    return world.get("charge", call.at["id"], call.account)


def listed(world: World, call: Call) -> Json:
    """`GET /v1/charges`."""
    return page(world, call, "charge", equal(call, "customer", "payment_intent", "transfer_group"))


def update(world: World, call: Call) -> Json:
    """`POST /v1/charges/{id}`."""
    call.only("description", "transfer_group", "receipt_email")
    charge = world.get("charge", call.at["id"], call.account)
    values: Json = {name: call.text(name) for name in ("description", "transfer_group", "receipt_email") if name in call.params}
    before = change(charge, **values, metadata=merged(charge, call))
    if before:
        emit(world, "charge.updated", charge, owner=call.account, previous=before)
    return charge


def fees_listed(world: World, call: Call) -> Json:
    """`GET /v1/application_fees`."""
    return page(world, call, "application_fee", equal(call, "charge"))


def fee_get(world: World, call: Call) -> Json:
    """`GET /v1/application_fees/{id}`."""
    return world.get("application_fee", call.at["id"], call.account)


ROUTES = {
    "GET /v1/charges": listed,
    "GET /v1/charges/{id}": get,
    "POST /v1/charges/{id}": update,
    "GET /v1/application_fees": fees_listed,
    "GET /v1/application_fees/{id}": fee_get,
}
