"""Mails the payer that his payment failed, once per attempt (PAY-3): nothing is tried again before he or the app acts."""

from __future__ import annotations

import structlog

from billing.operations.send_mail import addressee_of, send_mail
from billing.operations.unit import UnitOfWork
from core.redaction import scrub
from emails.told import PaymentFailed
from emails.values import Amount
from models.customer import Customer
from models.payment_request import PaymentRequest

log = structlog.get_logger(__name__)
MAIL = "payment_failed"


def tell_payment_failed(unit: UnitOfWork, request: PaymentRequest) -> None:
    """Send the mail; where no address is known there is none, and the log says so."""
    customer = unit.row(Customer, request.source, request.customer_ref) if request.customer_ref else None
    if customer is None or not customer.email:
        log.info("payer_not_told", mail=MAIL, request=request.external_id, customer=request.customer_ref, cause="no address is known")
        return
    currency = request.currency or ""
    context = PaymentFailed(
        amount=Amount.of(request.charge_minor, currency, request.source),
        about=request.description or request.invoice_ref or request.external_id,
        reason=scrub(request.failure_message) if request.failure_message else None,
    )
    to = addressee_of(unit, customer.email, request.subscriber_ref or customer.external_ref)
    about = (request.source, request.external_id, str(request.attempt))
    send_mail(unit, MAIL, to, context, *about, lane=f"mail:{MAIL}:{request.external_id}")
