"""Mails the payer that his money is on its way back, once per refund (REFUND-8)."""

from __future__ import annotations

import structlog

from billing.operations.send_mail import Addressee, addressee_of, send_mail
from billing.operations.unit import UnitOfWork
from core.redaction import scrub
from emails.told import RefundProcessed
from emails.values import Amount
from models.customer import Customer
from models.payment import Payment
from models.refund_request import RefundRequest

log = structlog.get_logger(__name__)
MAIL = "refund_processed"
_FOR_WHOM = """
    SELECT s.email, s.external_id AS subscriber_ref FROM bursar.fulfilment f
    LEFT JOIN bursar.invoice i ON f.purpose = 'invoice' AND i.source = 'bursar' AND i.external_id = f.purpose_ref
    JOIN bursar.subscriber s ON s.source = 'bursar' AND s.external_id = coalesce(i.subscriber_ref, f.external_ref)
    WHERE f.source = %(source)s AND f.external_id = %(payment)s AND s.email IS NOT NULL"""


def tell_refund_processed(unit: UnitOfWork, row: RefundRequest, payment: Payment) -> None:
    """Send the mail; where no address is known there is none, and the log says so."""
    to = _payer(unit, payment)
    if to is None:
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
    send_mail(unit, MAIL, to, context, row.source, row.external_id, lane=f"mail:{MAIL}:{row.external_id}")


def _payer(unit: UnitOfWork, payment: Payment) -> Addressee | None:
    """The provider's customer; where there is none, as with a bank transfer, the subscriber for whom it was paid."""
    customer = unit.row(Customer, payment.source, payment.customer_ref) if payment.customer_ref else None
    if customer is not None and customer.email:
        return addressee_of(unit, customer.email, customer.external_ref)
    found = unit.committed(_FOR_WHOM, {"source": payment.source, "payment": payment.external_id})
    return addressee_of(unit, found[0]["email"], found[0]["subscriber_ref"]) if found else None
