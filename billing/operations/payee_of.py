"""Finds the row that everything about one account's money locks; an account that nobody set up is paid out on request only."""

from __future__ import annotations

from billing.operations.own_row import own_row
from billing.operations.unit import UnitOfWork
from models.account import Account
from models.payee import Payee


def payee_of(unit: UnitOfWork, source: str, account_ref: str) -> Payee:
    """The account's payee, locked, made with the defaults if it is new."""
    account = unit.row(Account, source, account_ref)
    row, new = own_row(unit, Payee, source, account_ref)
    if new:
        row.schedule, row.zone, row.paused = "manual", "UTC", False
    row.account_id = account.id
    return row
