"""`billing.tokens.*`: links in mails that prove something once."""

from __future__ import annotations

from billing.operations.request_token import request_token
from billing.operations.token_lives import lives
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Command
from billing.rules.commands.tokens import RequestToken, TokenAsked
from billing.rules.facts.event import Event
from core.ids import public_id
from core.settings import current
from providers.app.read_command import read_command


def facts(event: Event) -> Command:
    """The command."""
    return read_command(event)


def request(unit: UnitOfWork, command: RequestToken) -> TokenAsked:
    """Mail a link."""
    row = request_token(unit, command, lives(current()))
    return TokenAsked(
        token=public_id(row.PUBLIC_PREFIX, row.id), user=row.user_ref or command.user_ref, purpose=row.purpose or command.purpose,
        send_until=row.send_until or unit.now,
    )  # fmt: skip
