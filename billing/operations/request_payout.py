"""Pays out to an account because somebody asks for it: checked against the provider's balance, minimum and holds (PAYOUT-1)."""

from __future__ import annotations

from billing.operations.ask_balance import FRESH, ask_balance, waits
from billing.operations.decide_payout import decided, make_payout, minimum_minor, not_payable
from billing.operations.move_status import move_status
from billing.operations.own_balance import KEPT_HERE
from billing.operations.own_row import own_row
from billing.operations.payee_of import payee_of
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import MOST_MINOR, Rejected
from billing.rules.commands.payouts import RequestPayout
from billing.rules.payout import Decision, held_minor, payable_in_whole_units
from billing.rules.states_requests import PAYOUT_REQUEST
from models.account import Account
from models.payee import Payee
from models.payout_request import PayoutRequest

_REFUSED = {
    "nothing": ("nothing_to_pay_out", "the account has nothing that is free to be paid out"),
    "negative": ("negative_balance", "the account's balance is below zero, counting what is pending"),
    "held": ("held", "what is free of holds is less than that"),
    "below_minimum": ("below_minimum", "the account's smallest payout is more than that"),
    "insufficient": ("insufficient_balance", "the account's free balance is less than that"),
}
"""Outcome of the rules -> the refusal's code and sentence."""


def request_payout(unit: UnitOfWork, command: RequestPayout) -> PayoutRequest:
    """The request: `requested` if the balance is known and allows it, `checking` while the provider is asked.

    Raises:
        Rejected: as `RequestPayout.REFUSALS` says.
    """
    account = unit.row(Account, command.source, command.account_ref)
    payee = payee_of(unit, command.source, command.account_ref)
    row, new = own_row(unit, PayoutRequest, command.source, command.reference)
    if not new:
        return _same(row, command)
    _check(account, payee, command)
    row.account_ref, row.currency, row.asked_minor = command.account_ref, command.currency, command.amount_minor
    row.actor, row.reason, row.requested_at = unit.actor, command.reason, unit.now
    row.status = "checking"
    about = {"asked_minor": row.asked_minor, "currency": row.currency, "account": row.account_ref, "reason": row.reason}
    move_status(unit, row, PAYOUT_REQUEST, None, "checking", about)
    if row.source not in KEPT_HERE and (payee.balances_at is None or unit.now - payee.balances_at > FRESH):
        payee.waiting = waits(payee.waiting, PayoutRequest.NAME, row.external_id)
        ask_balance(unit, row.source, command.account_ref, f"payout_request:{row.external_id}")
        return row
    decision = decided(payee, command.currency, command.amount_minor)
    if decision.outcome != "pay":
        raise refusal(decision, command.amount_minor)
    make_payout(unit, payee, row, decision.amount_minor)
    return row


def refusal(decision: Decision, asked_minor: int | None) -> Rejected:
    """A decision against a payout, as the app is told."""
    code, message = _REFUSED[decision.outcome]
    return Rejected(code, message, {"current": asked_minor or decision.amount_minor, "limit": decision.limit_minor})


def _same(row: PayoutRequest, command: RequestPayout) -> PayoutRequest:
    known = {"account": row.account_ref, "currency": row.currency, "amount_minor": row.asked_minor}
    if known != {"account": command.account_ref, "currency": command.currency, "amount_minor": command.amount_minor}:
        about = {"current": known, "field": "reference"}
        raise Rejected("requested_otherwise", f"{command.reference} is known with other particulars", about)
    return row


def _check(account: Account, payee: Payee, command: RequestPayout) -> None:
    """What is wrong whatever the balance is."""
    if account.incomplete and payee.source not in KEPT_HERE:
        raise Rejected("account_unknown", f"{command.account_ref} has never been heard of at {command.source}", {"field": "account_ref"})
    code = not_payable(account, payee)
    if code == "account_disabled":
        raise Rejected(code, "nothing is paid out while the provider has disabled the account", {"current": account.disabled_reason})
    if code is not None:
        raise Rejected(code, "payouts of this account are paused", {})
    if held_minor(payee.holds or {}, command.currency) is None:
        reasons = sorted({one["reason"] for one in (payee.holds or {}).values()})
        raise Rejected("held", "all of the account's money is held", {"current": reasons, "limit": 0})
    asked = command.amount_minor
    if asked is None:
        return
    if not 0 < asked <= MOST_MINOR:
        about = {"current": asked, "limit": MOST_MINOR}
        raise Rejected("amount_out_of_bounds", f"a payout is between 1 and {MOST_MINOR} minor units", about)
    if not payable_in_whole_units(command.source, command.currency, asked):
        raise Rejected("amount_not_payable", f"{command.currency} is paid out in whole units only", {"current": asked})
    if asked < minimum_minor(payee, command.currency):
        raise refusal(Decision("below_minimum", limit_minor=minimum_minor(payee, command.currency)), asked)
