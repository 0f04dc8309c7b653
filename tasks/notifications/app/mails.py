"""`billing.mails.*`: what the app has somebody told."""

from __future__ import annotations

from billing.operations.leave_mails import leave_mails
from billing.operations.request_mail import request_mail
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Command, Rejected
from billing.rules.commands.mails import LeaveMails, MailAsked, MailsLeft, RequestMail
from billing.rules.facts.event import Event
from core.crypto import KeyRing
from core.settings import current
from providers.app.read_command import read_command
from tasks.notifications.mail.leave import NoSuchLinkError, read_token


def facts(event: Event) -> Command:
    """The command."""
    return read_command(event)


def request(unit: UnitOfWork, command: RequestMail) -> MailAsked:
    """Mail it."""
    return MailAsked(mail=command.mail, key=request_mail(unit, command))


def leave(unit: UnitOfWork, command: LeaveMails) -> MailsLeft:
    """Send its reader no more of it."""
    try:
        leaving = read_token(KeyRing.from_settings(current()), command.token)
    except NoSuchLinkError:
        raise Rejected("unknown_link", "this is not one of our links; nothing was changed", {"field": "token"}) from None
    leave_mails(unit, leaving.sha256, leaving.mail)
    return MailsLeft(mail=leaving.mail)
