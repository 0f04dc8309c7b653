"""Sends what the app asks for by name: mails of which only it knows the occasion (MAIL-2)."""

from __future__ import annotations

from dataclasses import replace

from billing.operations.send_mail import addressee_of, send_mail
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.commands.mails import RequestMail
from billing.rules.email_address import normalised
from emails.told import Registered

_EMAIL = "SELECT email FROM bursar.subscriber WHERE source = 'bursar' AND external_id = %(ref)s"


def request_mail(unit: UnitOfWork, command: RequestMail) -> str:
    """The mail's business key; asked again under one reference and address, it is the same mail.

    Raises:
        Rejected: `no_address`.
    """
    known = unit.committed(_EMAIL, {"ref": command.user_ref})
    address = normalised(command.email or (known[0]["email"] if known else None) or "")
    if address is None:
        raise Rejected("no_address", f"no mail address is known of {command.user_ref}", {"field": "email"})
    his = addressee_of(unit, address, command.user_ref)
    to = replace(his, language=command.language or his.language, name=command.full_name or his.name)
    about = (command.user_ref, command.reference)
    return send_mail(unit, command.mail, to, Registered(link=command.link), *about, lane=f"mail:{command.mail}:{command.user_ref}")
