"""Mails a subscriber about one of our own invoices, once per invoice and kind of mail (INV-4)."""

from __future__ import annotations

import structlog

from billing.operations.send_mail import addressee, send_mail
from billing.operations.unit import UnitOfWork
from emails.told import InvoiceTold
from emails.values import Amount, Moment
from models.base import OWN_SOURCE
from models.invoice import Invoice
from models.subscriber import Subscriber

log = structlog.get_logger(__name__)


def tell_invoice(unit: UnitOfWork, row: Invoice, mail: str) -> None:
    """Send `mail`, whose context is `InvoiceTold`; where no address is known there is none, and the log says so."""
    subscriber = unit.row(Subscriber, OWN_SOURCE, row.subscriber_ref or "")
    if not subscriber.email:
        log.info("subscriber_not_told", mail=mail, invoice=row.external_id, cause="no address is known")
        return
    currency = row.currency or ""
    context = InvoiceTold(
        amount=Amount.of(row.amount_remaining_minor or row.total_minor or 0, currency),
        about=str((row.lines or [{}])[0].get("description") or row.external_id),
        invoice=row.number or row.external_id,
        until=Moment.of(row.expires_at or unit.now),
    )
    send_mail(unit, mail, addressee(subscriber), context, row.external_id, lane=f"mail:{mail}:{row.external_id}")
