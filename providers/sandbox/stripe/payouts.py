"""Balances, balance transactions, and payouts: on request or automatic, each with the transactions that it pays out."""

from __future__ import annotations

from providers.sandbox.stripe.accounts import BANK_FAILURES
from providers.sandbox.stripe.call import Call
from providers.sandbox.stripe.customers import merged
from providers.sandbox.stripe.events import change, emit
from providers.sandbox.stripe.ledger import book, need
from providers.sandbox.stripe.lists import PAGING, page
from providers.sandbox.stripe.problems import Json, refused
from providers.sandbox.stripe.world import World


def create(world: World, call: Call) -> Json:
    """`POST /v1/payouts`: from the available balance of the platform or of `Stripe-Account`."""
    call.only("amount", "currency", "description", "destination", "method", "source_type", "statement_descriptor")
    amount, currency = call.needed_amount(), call.currency()
    if call.account:
        account = world.get("account", call.account)
        if not account["payouts_enabled"]:
            raise refused("Payouts are not enabled for this account.", "payouts_not_allowed")
    need(world, call.account, currency, amount)
    target = call.text("destination") or _bank_of(world, call.account, currency)
    return pay_out(
        world, call.account, amount, currency, target, metadata=call.metadata(), description=call.text("description"),
        method=call.one_of("method", ("standard", "instant")) or "standard",
        statement=call.text("statement_descriptor"),
    )  # fmt: skip


def _bank_of(world: World, owner: str | None, currency: str) -> str:
    if owner is None:
        return "ba_sandboxplatform"
    for bank in world.get("account", owner)["external_accounts"]["data"]:
        if bank["currency"] == currency and bank["default_for_currency"]:
            return str(bank["id"])
    raise refused(f"Sorry, you don't have any external accounts in that currency ({currency}).", "no_account")


def pay_out(
    world: World, owner: str | None, amount: int, currency: str, target: str, *, metadata: Json, description: str | None = None,
    automatic: bool = False, method: str = "standard", statement: str | None = None,
) -> Json:  # fmt: skip
    """Take the money out of the balance; it arrives later, or fails."""
    payout = world.base("payout", "po")
    row = book(world, owner, "payout", -amount, currency, source=payout["id"], description=description)
    payout |= {
        "amount": amount, "application_fee": None, "application_fee_amount": None,
        "arrival_date": world.now() + world.config.payout_after_s,
        "automatic": automatic, "balance_transaction": row["id"], "currency": currency, "description": description or "STRIPE PAYOUT",
        "destination": target, "failure_balance_transaction": None, "failure_code": None, "failure_message": None, "metadata": metadata,
        "method": method, "original_payout": None, "payout_method": None, "reversed_by": None, "source_type": "card",
        "reconciliation_status": "in_progress" if automatic else "not_applicable", "statement_descriptor": statement,
        "status": "pending", "trace_id": {"status": "pending", "value": None}, "type": "bank_account",
    }  # fmt: skip
    world.add(payout, owner)
    world.timers[payout["id"]] = {"due": payout["arrival_date"]}
    world.note("payout", payout, amount, owner)
    emit(world, "payout.created", payout, owner=owner)
    return payout


def automatic(world: World, owner: str | None) -> list[Json]:
    """Pay out what is available and in no payout yet, one payout per currency, so that each explains itself."""
    held = world.table("balance_transaction")
    paid = world.payout_of
    made = []
    for currency in sorted({key[1] for key in world.balances if key[0] == owner}):
        rows = [
            row for place, row in enumerate(held.rows)
            if held.owner[place] == owner and row["currency"] == currency and row["status"] == "available" and row["id"] not in paid
        ]  # fmt: skip
        total = sum(row["net"] for row in rows)
        if total <= 0:
            continue
        payout = pay_out(world, owner, total, currency, _bank_of(world, owner, currency), metadata={}, automatic=True)
        for row in [*rows, held.rows[held.place[payout["balance_transaction"]]]]:
            paid[row["id"]] = payout["id"]
        made.append(payout)
    return made


def in_transit(world: World, payout: Json, owner: str | None) -> None:
    """The payout left Stripe."""
    if payout["status"] == "pending":
        before = change(payout, status="in_transit")
        emit(world, "payout.updated", payout, owner=owner, previous=before)


def arrive(world: World, payout: Json, owner: str | None) -> None:
    """The day of arrival: it is there, unless the bank account is one of those that refuse."""
    world.timers.pop(payout["id"], None)
    bank = world.find("bank_account", payout["destination"], owner)
    failure = BANK_FAILURES.get(bank["last4"]) if bank else None
    if failure:
        fail(world, payout, owner, failure)
        return
    in_transit(world, payout, owner)
    change(payout, status="paid", trace_id={"status": "supported", "value": f"TRACE{payout['id'][-8:]}"})
    emit(world, "payout.paid", payout, owner=owner)
    if payout["automatic"]:
        change(payout, reconciliation_status="completed")
        emit(world, "payout.reconciliation_completed", payout, owner=owner)


def fail(world: World, payout: Json, owner: str | None, code: str) -> None:
    """The bank sent it back, perhaps after it was `paid`: the money is in the balance again."""
    if payout["status"] not in ("pending", "in_transit", "paid"):
        raise refused(f"A payout that is {payout['status']} cannot fail.")
    row = book(world, owner, "payout_failure", payout["amount"], payout["currency"], source=payout["id"])
    world.timers.pop(payout["id"], None)
    change(payout, status="failed", failure_code=code, failure_message=f"The bank could not process this payout: {code}.",
           failure_balance_transaction=row["id"])  # fmt: skip
    emit(world, "payout.failed", payout, owner=owner)


def cancel(world: World, call: Call) -> Json:
    """`POST /v1/payouts/{id}/cancel`: while it is pending."""
    call.only()
    payout = world.get("payout", call.at["id"], call.account)
    if payout["status"] != "pending" or payout["automatic"]:
        raise refused(f"Payouts can only be canceled when they are pending and were made manually; this one is {payout['status']}.",
                      "payout_not_cancelable")  # fmt: skip
    row = book(world, call.account, "payout_cancel", payout["amount"], payout["currency"], source=payout["id"])
    world.timers.pop(payout["id"], None)
    change(payout, status="canceled", failure_balance_transaction=row["id"])
    emit(world, "payout.canceled", payout, owner=call.account)
    return payout


def get(world: World, call: Call) -> Json:
    """`GET /v1/payouts/{id}`."""
    return world.get("payout", call.at["id"], call.account)


def update(world: World, call: Call) -> Json:
    """`POST /v1/payouts/{id}`: the metadata."""
    call.only()
    payout = world.get("payout", call.at["id"], call.account)
    before = change(payout, metadata=merged(payout, call))
    if before:
        emit(world, "payout.updated", payout, owner=call.account, previous=before)
    return payout


def listed(world: World, call: Call) -> Json:
    """`GET /v1/payouts`."""
    call.only(*PAGING, "status", "destination", "arrival_date")
    status, target = call.text("status"), call.text("destination")
    return page(world, call, "payout", lambda row: status in (None, row["status"]) and target in (None, row["destination"]))


def balance(world: World, call: Call) -> Json:
    """`GET /v1/balance`."""
    call.only()
    held = {key[1]: amounts for key, amounts in sorted(world.balances.items(), key=lambda item: item[0][1]) if key[0] == call.account}

    def shown(place: int) -> list[Json]:
        found = [{"amount": sums[place], "currency": currency, "source_types": {"card": sums[place]}} for currency, sums in held.items()]
        return found or [{"amount": 0, "currency": "eur", "source_types": {"card": 0}}]

    return {"object": "balance", "available": shown(0), "connect_reserved": [], "livemode": False, "pending": shown(1)}


def transactions(world: World, call: Call) -> Json:
    """`GET /v1/balance_transactions`; by `payout` only those of automatic ones, as at Stripe."""
    call.only(*PAGING, "currency", "payout", "source", "type")
    given = {name: call.text(name) for name in ("currency", "source", "type") if call.text(name)}
    payout = call.text("payout")
    if payout is not None and not world.get("payout", payout, call.account, param="payout")["automatic"]:
        raise refused("Balance transaction history can only be filtered on automatic payouts, not manual.", param="payout")
    paid = world.payout_of
    return page(
        world, call, "balance_transaction",
        lambda row: all(row[name] == value for name, value in given.items()) and (payout is None or paid.get(row["id"]) == payout),
    )  # fmt: skip


def transaction(world: World, call: Call) -> Json:
    """`GET /v1/balance_transactions/{id}`."""
    return world.get("balance_transaction", call.at["id"], call.account)


ROUTES = {
    "POST /v1/payouts": create,
    "GET /v1/payouts": listed,
    "GET /v1/payouts/{id}": get,
    "POST /v1/payouts/{id}": update,
    "POST /v1/payouts/{id}/cancel": cancel,
    "GET /v1/balance": balance,
    "GET /v1/balance_transactions": transactions,
    "GET /v1/balance_transactions/{id}": transaction,
}
