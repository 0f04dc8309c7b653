"""Holds an account's money back from payouts, whole or in part, for one reason at a time (PAYOUT-4, DISPUTE-1)."""

from __future__ import annotations

from billing.operations.move_status import move_status
from billing.operations.own_row import own_row
from billing.operations.payee_of import payee_of
from billing.operations.unit import UnitOfWork
from billing.rules.payout import HoldReason
from billing.rules.states_requests import PAYOUT_HOLD
from models.payout_hold import PayoutHold


def hold_payouts(
    unit: UnitOfWork,
    source: str,
    account_ref: str,
    *,
    key: str,
    reason: HoldReason,
    currency: str | None = None,
    amount_minor: int | None = None,
    note: str | None = None,
) -> PayoutHold:
    """Open the hold `key`, or set an open one to this amount; a released one opens again.

    A payout that the provider already makes is not stopped by it.

    Args:
        unit: the transaction.
        source: the provider.
        account_ref: the account.
        key: what it is about, unique at the provider, such as `dispute:dp_1`; `release_hold` takes the same.
        reason: why, in one word.
        currency: only this currency; None: all.
        amount_minor: how much, in minor units of `currency`; None: all of it.
        note: for people.

    Raises:
        ValueError: an amount without its currency, or one that is not above zero.
    """
    if amount_minor is not None and (currency is None or amount_minor <= 0):
        raise ValueError(f"the hold {key} needs a currency for its amount, and an amount above zero")
    payee = payee_of(unit, source, account_ref)
    row, _ = own_row(unit, PayoutHold, source, key)
    wanted = {"reason": reason, "currency": currency, "amount_minor": amount_minor}
    if row.status == "open" and (payee.holds or {}).get(key) == wanted:
        return row
    before, was = row.status, {"reason": row.reason, "currency": row.currency, "amount_minor": row.amount_minor}
    row.status, row.account_ref, row.reason = "open", account_ref, reason
    row.currency, row.amount_minor, row.actor = currency, amount_minor, unit.actor
    row.note = note if note is not None else row.note
    if before != "open":
        row.opened_at, row.released_at = unit.now, None
    payee.holds = {**(payee.holds or {}), key: wanted}
    payee.updated_at = max(payee.updated_at, unit.now)
    about = {"account": account_ref, **wanted} | ({} if note is None else {"why": note})
    if before == "open":
        unit.audit("payout_hold.changed", PayoutHold.NAME, row.id, before=was, after=about)
    move_status(unit, row, PAYOUT_HOLD, before, "open", about)
    return row
