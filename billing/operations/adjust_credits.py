"""Bonus credits, and what a person sets right: each with a reason, in somebody's name, once per reference (CRED-2, CRED-9)."""

from __future__ import annotations

from datetime import datetime

from billing.operations.credit_ledger import account_of, change_lot, open_lots, spendable
from billing.operations.grant_credits import Grant, grant_credits, lapse_of
from billing.operations.unit import UnitOfWork
from billing.operations.warn_low_credits import warn_low_credits
from billing.rules.commands.base import Rejected
from billing.rules.commands.credits import AdjustCredits, GrantCredits
from billing.rules.credits import take
from core.settings import current
from models.base import OWN_SOURCE
from models.credit_account import CreditAccount
from models.credit_entry import CreditEntry
from models.credit_lot import CreditLot

_DONE = "SELECT subscriber_ref, amount FROM bursar.credit_entry WHERE fact = %(fact)s AND kind = 'adjustment'"


def grant_bonus(unit: UnitOfWork, command: GrantCredits) -> tuple[CreditAccount, CreditLot]:
    """The bonus lot; the same reference again is the same one.

    Raises:
        Rejected: `reference_used`.
    """
    lot = grant_credits(unit, Grant(
        lot=f"bonus:{command.reference}", subscriber_ref=command.subscriber_ref, amount=command.amount, pool="bonus", origin="bonus",
        kind="bonus", expires_at=_until(unit, command), reason=command.reason,
    ))  # fmt: skip
    wanted = {"subscriber_ref": command.subscriber_ref, "amount": command.amount}
    known = {name: getattr(lot, name) for name in wanted}
    if known != wanted:
        raise Rejected("reference_used", f"{command.reference} is another grant", {"current": known, "field": "reference"})
    return account_of(unit, command.subscriber_ref), lot


def adjust_credits(unit: UnitOfWork, command: AdjustCredits) -> CreditAccount:
    """The account afterwards. The same reference again changes nothing.

    Raises:
        Rejected: `reference_used`, `insufficient_credits`; nothing was changed.
    """
    account = account_of(unit, command.subscriber_ref)
    name = f"adjustment:{command.reference}"
    done = [(row["subscriber_ref"], row["amount"]) for row in unit.committed(_DONE, {"fact": name})]
    done += [(row.subscriber_ref, row.amount) for row in unit.known if isinstance(row, CreditEntry) and row.fact == name]
    if done:
        known = {"subscriber_ref": done[0][0], "amount": int(sum(amount for _, amount in done))}
        if known != {"subscriber_ref": command.subscriber_ref, "amount": command.amount}:
            raise Rejected("reference_used", f"{command.reference} is another adjustment", {"current": known, "field": "reference"})
        return account
    before = account.balance
    if command.amount > 0:
        grant_credits(unit, Grant(
            lot=name, subscriber_ref=command.subscriber_ref, amount=command.amount, pool="bonus", origin="adjustment", kind="adjustment",
            expires_at=_until(unit, command), reason=command.reason,
        ))  # fmt: skip
    else:
        _take(unit, account, command, name)
    about = {"reference": command.reference, "amount": command.amount, "balance": account.balance, "reason": command.reason}
    unit.audit("credits.adjusted", CreditAccount.NAME, account.id, before={"balance": before}, after=about)
    return account


def _take(unit: UnitOfWork, account: CreditAccount, command: AdjustCredits, name: str) -> None:
    if (account.balance or 0) + command.amount < 0:
        details = {"current": -command.amount, "limit": account.balance}
        raise Rejected("insufficient_credits", f"{-command.amount} are to be taken, {account.balance} are there", details)
    for ref, part in take(spendable(open_lots(unit, account)), -command.amount):
        lot = unit.row(CreditLot, OWN_SOURCE, ref)
        change_lot(unit, account, lot, -part, kind="adjustment", fact=name, reason=command.reason)
    warn_low_credits(unit, account)


def _until(unit: UnitOfWork, command: GrantCredits | AdjustCredits) -> datetime | None:
    if command.never_expires:
        return None
    return lapse_of(unit, command.subscriber_ref, command.valid_months or current().credit_validity_months)
