"""Mails the payer that his money is on its way back, once per refund (REFUND-8)."""

from __future__ import annotations

import structlog

from billing.operations.send_mail import addressee_of, send_mail
from billing.operations.unit import UnitOfWork
from core.redaction import scrub
from emails.told import RefundProcessed
from emails.values import Amount
from models.customer import Customer
from models.payment import Payment
from models.refund_request import RefundRequest

log = structlog.get_logger(__name__)
MAIL = "refund_processed"


def tell_refund_processed(unit: UnitOfWork, row: RefundRequest, payment: Payment) -> None:
    """Send the mail; where no address is known there is none, and the log says so."""
    customer = unit.row(Customer, row.source, payment.customer_ref) if payment.customer_ref else None
    if customer is None or not customer.email:
        log.info("payer_not_told", mail=MAIL, refund=row.external_id, customer=payment.customer_ref, cause="no address is known")
        return
    currency = row.currency or ""
    said = [one["text"] for one in row.notes or [] if one["kind"] == "customer"]
    context = RefundProcessed(
        amount=Amount.of(row.amount_minor or 0, currency, row.source),
        reference=row.external_id,
        whole=(row.amount_minor or 0) >= (payment.received_minor or 0),
        note=scrub(said[-1]) if said else None,
    )
    to = addressee_of(unit, customer.email, customer.external_ref)
    send_mail(unit, MAIL, to, context, row.source, row.external_id, lane=f"mail:{MAIL}:{row.external_id}")
