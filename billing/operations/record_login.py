"""Records a try to sign in (SEC-7): who and when in the audit, where from in a row that goes with its age."""

from __future__ import annotations

from billing.operations.own_row import own_row
from billing.operations.unit import UnitOfWork
from billing.rules.commands.logins import RecordLogin
from models.base import OWN_SOURCE
from models.login import Login


def record_login(unit: UnitOfWork, command: RecordLogin) -> Login:
    """The record; told again, it stays as it was told first."""
    row, new = own_row(unit, Login, OWN_SOURCE, command.reference)
    if new:
        row.user_ref, row.outcome, row.method, row.at = command.user_ref, command.outcome, command.method, command.at
        row.device, row.address = command.device, command.address
        after = {"user": command.user_ref, "outcome": command.outcome, "method": command.method, "at": command.at.isoformat()}
        unit.audit("login.recorded", Login.NAME, row.id, before=None, after=after)
    return row
