"""Sends what the app asks for by name: mails of which only it knows the occasion (MAIL-2, MAIL-5)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from billing.operations.send_mail import addressee_of, send_mail
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.commands.mails import RequestMail
from billing.rules.credits import WHOLE_PERCENT
from billing.rules.email_address import normalised
from core.redaction import scrub
from emails.occasions import CertificateIssued, CertificatesUsed, EventCancelled, GradePublished, ZoomTold
from emails.told import Registered
from emails.values import Moment

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
    return send_mail(unit, command.mail, to, _told(command), *about, lane=f"mail:{command.mail}:{command.user_ref}")


def _told(command: RequestMail) -> Any:
    """What the mail tells, as its entry in the catalogue wants it; the command has made sure that all is there."""
    about, at, link = command.about or "", Moment.of(command.at) if command.at else None, command.link
    why = scrub(command.explanation) if command.explanation else None
    match command.mail:
        case "registration_confirmation":
            return Registered(link=link)
        case "zoom_broken" | "zoom_healed":
            return ZoomTold(account=about, since=at, reason=why, link=link)
        case "event_cancelled":
            return EventCancelled(event=about, begins_at=at, reason=why, refund=bool(command.refund), link=link)
        case "certificate_issued":
            return CertificateIssued(course=about, number=command.number, link=link)
        case "certificates_nearly_used":
            used, limit = command.used or 0, command.limit or 1
            return CertificatesUsed(used=used, limit=limit, percent=used * WHOLE_PERCENT // limit, until=at, link=link)
        case "grade_published":
            return GradePublished(course=about, grade=command.grade, link=link)
