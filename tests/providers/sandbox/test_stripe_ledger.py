"""Whatever happens at the stand-in, its balances are the sums of its balance transactions, and payouts explain themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.providers.sandbox.stripe_api import Direct, Json

CURRENCIES = ("eur", "jpy", "kwd")
METHODS = ("pm_card_visa", "pm_card_chargeDeclined", "pm_card_createDispute", "pm_card_refundFail", "pm_card_pendingRefund",
           "pm_sepa_debit", "pm_sepa_debit_fails")  # fmt: skip

Step = tuple[str, int, int]


def _nth(direct: Direct, kind: str, number: int) -> Json | None:
    rows = direct.world.table(kind).rows
    return rows[number % len(rows)] if rows else None


def _charge(direct: Direct, number: int, amount: int) -> None:
    asked: Json = {
        "amount": amount, "currency": CURRENCIES[number % 3], "payment_method": METHODS[number % len(METHODS)], "confirm": True
    }
    account = _nth(direct, "account", number)
    if number % 2 and account:
        asked |= {"transfer_data": {"destination": account["id"]}, "application_fee_amount": amount // 20}
    direct.post("/v1/payment_intents", asked)


def _refund(direct: Direct, number: int, amount: int) -> None:
    charge = _nth(direct, "charge", number)
    if charge:
        shares = {"reverse_transfer": bool(charge.get("transfer")), "refund_application_fee": bool(charge.get("application_fee"))}
        direct.post("/v1/refunds", {"charge": charge["id"], "amount": amount, **shares})


def _transfer(direct: Direct, number: int, amount: int) -> None:
    account = _nth(direct, "account", number)
    if account:
        direct.post("/v1/transfers", {"amount": amount, "currency": CURRENCIES[number % 3], "destination": account["id"]})


def _reverse(direct: Direct, number: int, amount: int) -> None:
    transfer = _nth(direct, "transfer", number)
    if transfer:
        direct.post(f"/v1/transfers/{transfer['id']}/reversals", {"amount": amount, "refund_application_fee": True})


def _pay_out(direct: Direct, number: int, amount: int) -> None:
    account = _nth(direct, "account", number)
    owner = account["id"] if account and number % 2 else None
    direct.post("/v1/payouts", {"amount": amount, "currency": CURRENCIES[number % 3]}, account=owner)


def _on(kind: str, command: str, name: str, **more: Any) -> Callable[[Direct, int, int], None]:
    def act(direct: Direct, number: int, amount: int) -> None:
        found = _nth(direct, kind, number)
        if found:
            direct.act(command, **{name: found["id"]}, **more)

    return act


STEPS: dict[str, Callable[[Direct, int, int], None]] = {
    "charge": _charge,
    "refund": _refund,
    "transfer": _transfer,
    "reverse": _reverse,
    "pay_out": _pay_out,
    "automatic": lambda direct, _number, _amount: direct.act("payouts"),
    "dispute": _on("charge", "dispute", "charge"),
    "win": _on("dispute", "end_dispute", "dispute", status="won"),
    "lose": _on("dispute", "end_dispute", "dispute", status="lost"),
    "fail_refund": _on("refund", "end_refund", "refund"),
    "fail_payout": _on("payout", "fail_payout", "payout"),
    "top_up": lambda direct, number, amount: direct.act("top_up", amount=amount, currency=CURRENCIES[number % 3]),
    "advance": lambda direct, number, _amount: direct.act("advance", seconds=number * 43_200),
}


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 20), st.integers(50, 20_000)), min_size=5, max_size=40),
    st.booleans(),
)  # fmt: skip
def test_balances_are_the_sums_of_their_transactions(steps: list[Step], allow_negative: bool) -> None:
    direct = Direct(accounts_ready=True, allow_negative=allow_negative)
    for _ in range(2):
        direct.post("/v1/accounts", {"capabilities": {"transfers": {"requested": True}}})
    for name, number, amount in steps:
        STEPS[name](direct, number, amount)
        _check(direct)
    direct.act("advance", seconds=40 * 86_400)
    _check(direct)
    assert all(pending == 0 for _, pending in direct.world.balances.values())


def _check(direct: Direct) -> None:
    world = direct.world
    held = world.table("balance_transaction")
    sums: dict[tuple[str | None, str], list[int]] = {}
    by_payout: Counter[str] = Counter()
    for row, owner in zip(held.rows, held.owner, strict=True):
        assert row["net"] == row["amount"] - row["fee"]
        assert row["fee"] == sum(part["amount"] for part in row["fee_details"])
        sums.setdefault((owner, row["currency"]), [0, 0])[row["status"] == "pending"] += row["net"]
        if row["id"] in world.payout_of:
            by_payout[world.payout_of[row["id"]]] += row["net"]
    assert sums == world.balances
    assert set(by_payout.values()) <= {0}
    _check_conservation(direct)


def _check_conservation(direct: Direct) -> None:
    """Money between our accounts comes from nowhere and goes nowhere: only the outside and Stripe's fees change the total."""
    inner = {"transfer", "transfer_refund", "application_fee", "application_fee_refund", "payment_refund", "payment"}
    by_currency: Counter[str] = Counter()
    for row in direct.world.table("balance_transaction").rows:
        outside = row["type"] not in inner or (row["type"] in ("payment", "payment_refund") and _from_a_payer(direct, row))
        if not outside:
            ours = sum(part["amount"] for part in row["fee_details"] if part["type"] == "application_fee")
            by_currency[row["currency"]] += row["amount"] - ours
    assert set(by_currency.values()) <= {0}


def _from_a_payer(direct: Direct, row: Json) -> bool:
    source = row["source"]
    if row["type"] == "payment_refund":
        return source in direct.world.table("refund").place
    held = direct.world.table("charge")
    return held.rows[held.place[source]].get("payment_intent") is not None
