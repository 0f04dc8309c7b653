"""`billing.logins.*`: what the app tells of people who sign in."""

from __future__ import annotations

from billing.operations.record_login import record_login
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Command
from billing.rules.commands.logins import LoginRecorded, RecordLogin
from billing.rules.facts.event import Event
from core.ids import public_id
from providers.app.read_command import read_command


def facts(event: Event) -> Command:
    """The command."""
    return read_command(event)


def record(unit: UnitOfWork, command: RecordLogin) -> LoginRecorded:
    """Somebody tried to sign in."""
    row = record_login(unit, command)
    return LoginRecorded(login=public_id(row.PUBLIC_PREFIX, row.id), outcome=row.outcome or command.outcome)
