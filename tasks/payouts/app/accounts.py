"""`billing.accounts.*`: the app's organisers as accounts at a provider."""

from __future__ import annotations

from billing.operations.connect_account import connect_account
from billing.operations.unit import UnitOfWork
from billing.rules.commands.accounts import AccountAsked, ConnectAccount
from billing.rules.commands.base import Command
from billing.rules.facts.event import Event
from core.ids import public_id
from providers.app.read_command import read_command


def facts(event: Event) -> Command:
    """The command."""
    return read_command(event)


def connect(unit: UnitOfWork, command: ConnectAccount) -> AccountAsked:
    """An account, or one more link to it."""
    row = connect_account(unit, command)
    request = public_id(row.PUBLIC_PREFIX, row.id)
    return AccountAsked(request=request, external_ref=row.external_id, status=row.status or "requested", account_ref=row.account_ref)
