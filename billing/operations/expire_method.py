"""Marks a card whose month is over, and puts another one of its customer in its place, here and at the provider (PAY-6)."""

from __future__ import annotations

import structlog

from billing.operations.attempt_payment import QUEUE
from billing.operations.move_dunning import move_dunning
from billing.operations.own_row import own_row
from billing.operations.send_mail import addressee, addressee_of, send_mail
from billing.operations.unit import UnitOfWork
from billing.rules.card_expiry import expired, warned
from billing.rules.facts.answer import AnswerFact
from emails.overdue import CardTold
from models.base import OWN_SOURCE
from models.customer import Customer
from models.default_method_request import DefaultMethodRequest
from models.payment_method import PaymentMethod
from models.subscriber import Subscriber

log = structlog.get_logger(__name__)

_OTHERS = """SELECT external_id, brand, kind, last4 FROM bursar.payment_method
             WHERE source = %(source)s AND customer_ref = %(customer)s AND external_id <> %(own)s AND detached_at IS NULL
               AND expired_at IS NULL AND (exp_year IS NULL OR (exp_year, exp_month) >= (%(year)s, %(month)s))
             ORDER BY provider_created_at DESC NULLS LAST, external_id LIMIT 1"""
_UNSET = ""  # as Stripe wants it


def expire_method(unit: UnitOfWork, source: str, method_ref: str, subscriber_ref: str | None) -> bool:
    """Mark a locked method, and what was charged through it is charged through another; whether it was this call that did."""
    row = unit.row(PaymentMethod, source, method_ref)
    if row.expired_at is not None or row.detached_at is not None or not expired(row.exp_year, row.exp_month, unit.now):
        return False
    row.expired_at, row.updated_at = unit.now, max(row.updated_at, unit.now)
    unit.audit("payment_method.expired", PaymentMethod.NAME, row.id, before=None, after={"external_id": method_ref, "expires": _month(row)})
    customer = unit.row(Customer, source, row.customer_ref or "")
    subscriber = unit.row(Subscriber, OWN_SOURCE, subscriber_ref) if subscriber_ref else None
    is_default = customer.default_payment_method_ref == method_ref
    is_own = subscriber is not None and subscriber.payment_method_ref == method_ref
    if not is_default and not is_own:
        return True
    bound = {"source": source, "customer": row.customer_ref, "own": method_ref, "year": unit.now.year, "month": unit.now.month}
    found = unit.committed(_OTHERS, bound)
    other = found[0]["external_id"] if found else None
    if is_default:
        _ask(unit, row, customer, other)
    if is_own and subscriber is not None:
        subscriber.payment_method_ref = other
        before, after = {"payment_method_ref": method_ref}, {"payment_method_ref": other, "because": "the card expired"}
        unit.audit("subscriber.method_promoted", Subscriber.NAME, subscriber.id, before=before, after=after)
    instead = " ".join(word for word in (found[0]["brand"] or found[0]["kind"], found[0]["last4"]) if word) if found else None
    _tell(unit, row, customer, subscriber, "card_expired", instead)
    return True


def warn_of_expiry(unit: UnitOfWork, source: str, method_ref: str, subscriber_ref: str | None) -> bool:
    """Say, once per expiry, that a locked method that is in use is good for days only; whether it was said."""
    row = unit.row(PaymentMethod, source, method_ref)
    if row.expiry_warned_at is not None or row.detached_at is not None or not warned(row.exp_year, row.exp_month, unit.now):
        return False
    row.expiry_warned_at, row.updated_at = unit.now, max(row.updated_at, unit.now)
    customer = unit.row(Customer, source, row.customer_ref or "")
    subscriber = unit.row(Subscriber, OWN_SOURCE, subscriber_ref) if subscriber_ref else None
    _tell(unit, row, customer, subscriber, "card_expiring", None)
    return True


def answer_default_method(unit: UnitOfWork, fact: AnswerFact) -> None:
    """What the provider said; the customer himself came along with an accepted answer."""
    row = unit.row(DefaultMethodRequest, fact.source, fact.external_id)
    if row.status != "pending":
        return
    row.completed_at = unit.now
    if not fact.accepted:
        row.failure_code, row.failure_message = fact.error_code, fact.error_message
        log.error(
            "default_method_refused", customer=row.customer_ref, method=row.method_ref, error_code=fact.error_code,
            effect="the provider's default is still the expired card; what we bill ourselves is charged from the new one",
            next_step="set the customer's default payment method at the provider",
        )  # fmt: skip
    move_dunning(unit, row, "done" if fact.accepted else "failed", failure_code=fact.error_code)


def _ask(unit: UnitOfWork, row: PaymentMethod, customer: Customer, other: str | None) -> None:
    request, new = own_row(unit, DefaultMethodRequest, row.source, f"{row.external_id}:{row.exp_year}-{row.exp_month:02}")
    if not new:
        return
    request.customer_ref, request.expired_ref, request.method_ref = customer.external_id, row.external_id, other
    request.requested_at = unit.now
    move_dunning(unit, request, "pending", customer=customer.external_id, expired=row.external_id, promoted=other)
    params = {"invoice_settings": {"default_payment_method": other or _UNSET}}
    values = {"customer_ref": customer.external_id, "params": params}
    unit.submit("customer.update", request, values=values, queue=QUEUE, lane=f"{row.source}:{customer.external_id}")


def _tell(
    unit: UnitOfWork, row: PaymentMethod, customer: Customer, subscriber: Subscriber | None, mail: str, instead: str | None
) -> None:
    address = (subscriber.email if subscriber is not None else None) or customer.email
    if not address:
        log.info("payer_not_told", mail=mail, method=row.external_id, customer=customer.external_id, cause="no address is known")
        return
    context = CardTold(brand=row.brand or "card", last4=row.last4 or "****", expires=_month(row), instead=instead)
    to = addressee(subscriber, address) if subscriber is not None else addressee_of(unit, address, customer.external_ref)
    send_mail(unit, mail, to, context, row.source, row.external_id, _month(row), lane=f"mail:card:{row.external_id}")


def _month(row: PaymentMethod) -> str:
    return f"{row.exp_month or 0:02}/{row.exp_year}"
