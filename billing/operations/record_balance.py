"""Takes a provider's word on an account's balance, and goes on with the payouts that waited for it (PAYOUT-1, 2, 4)."""

from __future__ import annotations

from billing.operations.decide_payout import decided, make_payout, not_payable, still_promised
from billing.operations.move_status import move_status
from billing.operations.own_balance import hold_if_negative
from billing.operations.payee_of import payee_of
from billing.operations.request_payout import refusal
from billing.operations.take_turn import take_turn
from billing.operations.unit import UnitOfWork
from billing.rules.facts.balance import BalanceFact
from billing.rules.states_requests import PAYOUT_REQUEST
from models.account import Account
from models.payee import Payee
from models.payout_request import PayoutRequest
from models.payout_turn import PayoutTurn


def record_balance(unit: UnitOfWork, fact: BalanceFact) -> Payee:
    """Keep the snapshot if it is the newer one; hold and release by its sign; then decide about all that waits.

    A currency below zero, counting what is pending, holds that currency until a snapshot shows it otherwise (PAYOUT-4).
    """
    payee = payee_of(unit, fact.source, fact.external_id)
    if payee.balances_at is None or fact.version.at > payee.balances_at:
        payee.balances = {currency: dict(told) for currency, told in fact.balances.items()}
        payee.balances_at = fact.version.at
        payee.promised = still_promised(payee.promised or {}, fact.version.at)
        payee.updated_at = max(payee.updated_at, unit.now)
        hold_if_negative(unit, payee)
    waiting = [entry for entry in payee.waiting or [] if entry[0] in (PayoutRequest.NAME, PayoutTurn.NAME)]
    if waiting:
        payee.waiting = [entry for entry in payee.waiting or [] if entry not in waiting]
        for kind, reference in waiting:
            if kind == PayoutTurn.NAME:
                take_turn(unit, payee, unit.row(PayoutTurn, payee.source, reference))
            else:
                _go_on(unit, payee, unit.row(PayoutRequest, payee.source, reference))
    return payee


def _go_on(unit: UnitOfWork, payee: Payee, row: PayoutRequest) -> None:
    """A payout on request whose balance is known now; what the rules refuse is refused here, nothing was called."""
    if row.status != "checking" or row.currency is None:
        return
    code = not_payable(unit.row(Account, payee.source, payee.external_id), payee)
    decision = decided(payee, row.currency, row.asked_minor)
    if code is None and decision.outcome == "pay":
        make_payout(unit, payee, row, decision.amount_minor)
        return
    told = refusal(decision, row.asked_minor) if code is None else None
    row.status, row.completed_at = "refused", unit.now
    row.failure_code = code if told is None else told.code
    row.failure_message = "nothing is paid out to this account now" if told is None else told.message
    row.updated_at = max(row.updated_at, unit.now)
    about = {"currency": row.currency, "account": row.account_ref, "failure_code": row.failure_code, "limit_minor": decision.limit_minor}
    move_status(unit, row, PAYOUT_REQUEST, "checking", "refused", about)
