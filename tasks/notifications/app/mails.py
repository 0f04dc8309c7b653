"""`billing.mails.*`: what the app has somebody told."""

from __future__ import annotations

from billing.operations.request_mail import request_mail
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Command
from billing.rules.commands.mails import MailAsked, RequestMail
from billing.rules.facts.event import Event
from providers.app.read_command import read_command


def facts(event: Event) -> Command:
    """The command."""
    return read_command(event)


def request(unit: UnitOfWork, command: RequestMail) -> MailAsked:
    """Mail it."""
    return MailAsked(mail=command.mail, key=request_mail(unit, command))
