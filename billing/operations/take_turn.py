"""Decides about an account whose scheduled date has come: each currency by itself, each outcome kept (PAYOUT-2, 3, 4, 7)."""

from __future__ import annotations

from typing import Any

from billing.operations.decide_payout import decided, make_payout, not_payable
from billing.operations.move_status import move_status
from billing.operations.own_row import own_row
from billing.operations.unit import UnitOfWork
from billing.rules.states_requests import PAYOUT_REQUEST, PAYOUT_TURN
from models.account import Account
from models.payee import Payee
from models.payout_request import PayoutRequest
from models.payout_turn import PayoutTurn


def take_turn(unit: UnitOfWork, payee: Payee, turn: PayoutTurn) -> None:
    """Make the payouts of a locked turn from a balance that has just been told; a turn is taken once."""
    if turn.status != "checking":
        return
    account = unit.row(Account, payee.source, payee.external_id)
    code = not_payable(account, payee)
    if code is not None:
        outcomes: dict[str, Any] = {"*": {"outcome": code}}
    else:
        outcomes = {currency: _one(unit, payee, turn, currency) for currency in sorted(payee.balances or {})}
    turn.status, turn.outcomes, turn.completed_at = "done", outcomes, unit.now
    turn.updated_at = max(turn.updated_at, unit.now)
    move_status(unit, turn, PAYOUT_TURN, "checking", "done", {"outcomes": outcomes})


def _one(unit: UnitOfWork, payee: Payee, turn: PayoutTurn, currency: str) -> dict[str, Any]:
    decision = decided(payee, currency, None)
    told: dict[str, Any] = {"outcome": decision.outcome}
    if decision.outcome != "pay":
        return told | {"limit_minor": decision.limit_minor}
    row, new = own_row(unit, PayoutRequest, payee.source, f"{turn.external_id}/{currency}")
    if new:
        row.account_ref, row.currency, row.slot_on = payee.external_id, currency, turn.slot_on
        row.actor, row.reason, row.requested_at = unit.actor, f"{payee.schedule} payout", unit.now
        row.status = "checking"
        move_status(unit, row, PAYOUT_REQUEST, None, "checking", {"currency": currency, "account": payee.external_id})
        make_payout(unit, payee, row, decision.amount_minor)
    return told | {"amount_minor": row.amount_minor, "request": row.external_id}
