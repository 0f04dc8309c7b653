"""Mails a subscriber about a payment that failed, stage by stage, once per stage (DUN-3, DUN-7)."""

from __future__ import annotations

import structlog

from billing.operations.send_mail import addressee, send_mail
from billing.operations.unit import UnitOfWork
from core.redaction import scrub
from emails.catalogue import CATALOGUE
from emails.overdue import DunningTold
from emails.values import Amount, Moment
from models.base import OWN_SOURCE
from models.dunning_attempt import DunningAttempt
from models.dunning_case import DunningCase
from models.invoice import Invoice
from models.subscriber import Subscriber

log = structlog.get_logger(__name__)

STAGES = ("failed", "reminder", "suspended", "terminated")


def missing_templates(prefix: str) -> list[str]:
    """Those of the mails that a policy of this prefix sends that there are not."""
    return [f"{prefix}_{stage}" for stage in STAGES if f"{prefix}_{stage}" not in CATALOGUE]


def tell_step(unit: UnitOfWork, case: DunningCase, row: DunningAttempt, stage: str) -> None:
    """The mail of one step; `sent_at` says when it was handed over."""
    mail = tell_dunning(unit, case, stage, row.external_id)
    if mail is not None:
        row.mail, row.sent_at = mail, unit.now


def tell_dunning(unit: UnitOfWork, case: DunningCase, stage: str, about: str) -> str | None:
    """Send the mail of a stage; its name, or None where the policy wants none or no address is known."""
    subscriber = unit.row(Subscriber, OWN_SOURCE, case.subscriber_ref or "")
    mail = f"{case.template_prefix}_{stage}"
    if not case.mails:
        return None
    if not subscriber.email:
        log.info("subscriber_not_told", mail=mail, invoice=case.external_id, cause="no address is known")
        return None
    invoice = unit.row(Invoice, OWN_SOURCE, case.external_id)
    currency = invoice.currency or ""
    ends = [one for one in (case.suspend_at, case.terminate_at) if one is not None and one > unit.now]
    context = DunningTold(
        amount=Amount.of(invoice.amount_remaining_minor or 0, currency),
        about=scrub(str((invoice.lines or [{}])[0].get("description") or invoice.external_id)),
        invoice=invoice.number or invoice.external_id,
        needs_method=case.stopped_because is not None or not case.charges,
        until=Moment.of(min(ends)) if ends else None,
    )
    send_mail(unit, mail, addressee(subscriber), context, about, lane=f"mail:dunning:{case.external_id}")
    return mail
