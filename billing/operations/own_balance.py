"""Balances that we keep ourselves, for providers at which a payee has none with us: PayPal pays out of our own money.

What a payee earned there is what we owe him; it stands in his row, under its lock, and a payout takes it out at once.
"""

from __future__ import annotations

from billing.operations.hold_payouts import hold_payouts
from billing.operations.release_hold import release_hold
from billing.operations.unit import UnitOfWork
from models.payee import Payee

KEPT_HERE = frozenset({"paypal", "manual"})
"""Providers without an account's own balance: no transfer is made there, and nobody is asked for a balance."""


def credit(unit: UnitOfWork, payee: Payee, currency: str, amount_minor: int) -> None:
    """Add to a locked payee's balance; a negative amount takes away, below zero if need be, which holds the currency (PAYOUT-4)."""
    told = (payee.balances or {}).get(currency) or {"available_minor": 0, "pending_minor": 0}
    available = told["available_minor"] + amount_minor
    payee.balances = {**(payee.balances or {}), currency: {**told, "available_minor": available}}
    payee.balances_at = unit.now if payee.balances_at is None else max(payee.balances_at, unit.now)
    payee.updated_at = max(payee.updated_at, unit.now)
    hold_if_negative(unit, payee)


def hold_if_negative(unit: UnitOfWork, payee: Payee) -> None:
    """Hold each currency that is below zero, counting what is pending, and let go of those that no longer are (PAYOUT-4)."""
    known = {hold["currency"] for hold in (payee.holds or {}).values() if hold["reason"] == "negative_balance"}
    for currency in sorted(known | (payee.balances or {}).keys()):
        told = (payee.balances or {}).get(currency) or {"available_minor": 0, "pending_minor": 0}
        key = f"negative_balance:{payee.external_id}:{currency}"
        if min(told["available_minor"], told["available_minor"] + told["pending_minor"]) < 0:
            hold_payouts(unit, payee.source, payee.external_id, key=key, reason="negative_balance", currency=currency)
        elif currency in known:
            release_hold(unit, payee.source, key, why="the balance is no longer below zero")
