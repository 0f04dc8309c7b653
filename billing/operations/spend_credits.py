"""Spends credits on an operation, soonest to expire first and never below zero, and gives them back if it fails (CRED-7, CRED-11)."""

from __future__ import annotations

from billing.operations.credit_ledger import account_of, change_lot, open_lots, spendable
from billing.operations.own_row import own_row
from billing.operations.unit import UnitOfWork
from billing.operations.warn_low_credits import warn_low_credits
from billing.rules.commands.base import Rejected
from billing.rules.commands.credits import GiveBackCredits, SpendCredits
from billing.rules.credits import take
from models.base import OWN_SOURCE
from models.credit_account import CreditAccount
from models.credit_lot import CreditLot
from models.credit_spend import CreditSpend

_IDENTITY = ("subscriber_ref", "amount", "site", "operation", "model")


def spend_credits(unit: UnitOfWork, command: SpendCredits) -> tuple[CreditSpend, CreditAccount]:
    """The spend; the same reference again is the same one, unchanged.

    Raises:
        Rejected: `insufficient_credits`, `reference_used`; nothing was spent.
    """
    account = account_of(unit, command.subscriber_ref)
    spent = unit.row(CreditSpend, OWN_SOURCE, command.reference)
    wanted = {name: getattr(command, name) for name in _IDENTITY}
    if not spent.incomplete:
        known = {name: getattr(spent, name) for name in _IDENTITY}
        if known != wanted:
            details = {"current": known, "field": "reference"}
            raise Rejected("reference_used", f"{command.reference} is another operation", details)
        return spent, account
    balance = account.balance or 0
    if balance < command.amount:
        bound = {"current": command.amount, "limit": balance}
        raise Rejected("insufficient_credits", f"{command.amount} credits are needed, {balance} are there", bound)
    own_row(unit, CreditSpend, OWN_SOURCE, command.reference)
    parts = dict(take(spendable(open_lots(unit, account)), command.amount))
    for ref, part in parts.items():
        change_lot(unit, account, unit.row(CreditLot, OWN_SOURCE, ref), -part, kind="deduction", fact=f"spend:{command.reference}")
    for name, value in wanted.items():
        setattr(spent, name, value)
    spent.lots, spent.balance_after, spent.spent_at, spent.given_back = parts, account.balance, unit.now, 0
    warn_low_credits(unit, account)
    return spent, account


def give_back_spent(unit: UnitOfWork, command: GiveBackCredits) -> tuple[CreditSpend, CreditAccount]:
    """The operation failed: its credits go back to the lots that they came from, once.

    What has expired, was reset or was refunded meanwhile is not given back: unspent it would be gone as well.

    Raises:
        Rejected: `unknown_operation`.
    """
    account = account_of(unit, command.subscriber_ref)
    spent = unit.row(CreditSpend, OWN_SOURCE, command.reference)
    if spent.incomplete or spent.subscriber_ref != command.subscriber_ref:
        message = f"{command.subscriber_ref} spent nothing under {command.reference}"
        raise Rejected("unknown_operation", message, {"field": "reference"})
    if spent.given_back_at is not None:
        return spent, account
    spent.given_back_at = unit.now
    unit.load((CreditLot.NAME, OWN_SOURCE, ref) for ref in spent.lots or {})
    for ref, part in (spent.lots or {}).items():
        lot = unit.row(CreditLot, OWN_SOURCE, ref)
        if lot.status == "expired" or lot.clawed_back is not None or (lot.expires_at is not None and lot.expires_at <= unit.now):
            continue
        change_lot(unit, account, lot, part, kind="refund", fact=f"spend:{command.reference}")
        spent.given_back = (spent.given_back or 0) + part
    return spent, account
