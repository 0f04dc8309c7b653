"""Decides about one currency of an account's balance, and makes the payout that follows (PAYOUT-1, 3, 4)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from billing.operations.move_status import move_status
from billing.operations.owe import owed_minor
from billing.operations.own_balance import KEPT_HERE, credit
from billing.operations.unit import UnitOfWork
from billing.rules.money import exponent
from billing.rules.payout import Decision, Funds, decide
from billing.rules.states_requests import PAYOUT_REQUEST
from models.account import Account
from models.payee import Payee
from models.payout_request import PayoutRequest

_CLOCKS_APART = timedelta(minutes=2)
"""Until a snapshot is that much younger than a payout, it may not show it."""


def not_payable(account: Account, payee: Payee) -> str | None:
    """Why nothing at all may be paid out to the account now (PAYOUT-13): a code, or None."""
    enabled = account.payouts_enabled is True or (payee.source in KEPT_HERE and account.payouts_enabled is None)
    if account.authorized is False or not enabled:
        return "account_disabled"
    return "paused" if payee.paused else None


def minimum_minor(payee: Payee, currency: str) -> int:
    """The account's smallest payout of a currency (PAYOUT-3); where it has none, one whole unit."""
    found: int = (payee.minimums or {}).get(currency, 10 ** exponent(currency))
    return found


def decided(payee: Payee, currency: str, asked_minor: int | None) -> Decision:
    """What the rules say about a locked payee's balance, as far as the newest snapshot and our own promises show it."""
    told = (payee.balances or {}).get(currency) or {"available_minor": 0, "pending_minor": 0}
    funds = Funds(
        available_minor=told["available_minor"],
        pending_minor=told["pending_minor"],
        promised_minor=sum(one["amount_minor"] for one in (payee.promised or {}).values() if one["currency"] == currency),
        owed_minor=owed_minor(payee, currency),
    )
    minimum = minimum_minor(payee, currency)
    return decide(payee.source, currency, funds, payee.holds or {}, minimum_minor=minimum, asked_minor=asked_minor)


def make_payout(unit: UnitOfWork, payee: Payee, row: PayoutRequest, amount_minor: int) -> None:
    """Submit the payout of a locked request: from now on the amount is promised, whatever the balance still shows."""
    before = row.status
    row.status, row.amount_minor = "requested", amount_minor
    row.updated_at = max(row.updated_at, unit.now)
    about = {"amount_minor": amount_minor, "currency": row.currency, "account": row.account_ref, "reason": row.reason}
    move_status(unit, row, PAYOUT_REQUEST, before, "requested", about)
    values = {"amount_minor": amount_minor, "currency": row.currency}
    if row.source in KEPT_HERE:
        credit(unit, payee, row.currency or "", -amount_minor)
        values["destination_ref"] = row.account_ref
    else:
        promise = {"currency": row.currency, "amount_minor": amount_minor, "made_at": None}
        payee.promised = {**(payee.promised or {}), row.external_id: promise}
        payee.updated_at = max(payee.updated_at, unit.now)
    unit.submit(
        "payout.create",
        row,
        values=values,
        account=None if row.source in KEPT_HERE else row.account_ref,
        queue="payouts",
        lane=f"{row.source}:{row.account_ref}",
    )


def still_promised(promised: dict[str, Any], at: datetime) -> dict[str, Any]:
    """The promises that a snapshot of the time `at` may not show yet."""
    return {
        name: one
        for name, one in promised.items()
        if one["made_at"] is None or datetime.fromisoformat(one["made_at"]) + _CLOCKS_APART > at
    }
