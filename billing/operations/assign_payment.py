"""Says what money was for that came without a purpose: what it paid for is granted as for any payment (RECON-8, PAY-9)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from billing.operations.converge_payment import converge_payment
from billing.operations.unit import UnitOfWork
from billing.rules.commands.assigned_payments import AssignPayment
from billing.rules.commands.base import Rejected
from billing.rules.disputed import withdrawn_minor
from billing.rules.instants import iso
from billing.rules.purpose import PURPOSES, declared_purpose
from billing.rules.request_tag import request_named
from models.base import OWN_SOURCE
from models.customer import Customer
from models.fulfilment import Fulfilment
from models.invoice import Invoice
from models.payment import Payment
from models.subscriber import Subscriber

_WHOSE = "SELECT subscriber_ref FROM bursar.invoice WHERE source = %(source)s AND external_id = %(ref)s AND versions <> '{}'"


def assign_payment(unit: UnitOfWork, command: AssignPayment) -> tuple[Payment, Fulfilment]:
    """The payment and what was granted for it; the same wish again changes nothing.

    Raises:
        Rejected: see the command's REFUSALS.
    """
    if command.purpose == "invoice":
        _lock_invoice(unit, command.purpose_ref or "")
    payment = unit.row(Payment, command.source, command.payment_ref)
    if payment.incomplete:
        raise Rejected("unknown_payment", f"{command.source} told of no payment {command.payment_ref}", {"field": "payment_ref"})
    if not _said_before(payment, command):
        _check(unit, payment)
        before, customer = payment.adopted, _customer(unit, payment, command)
        payment.adopted = _adopted(unit, before, command, customer)
        if customer is not None and payment.customer_id is None:
            payment.customer_id = customer.id
        payment.updated_at = max(payment.updated_at, unit.now)
        after = {"adopted": payment.adopted, "amount_minor": payment.received_minor, "currency": payment.currency}
        unit.audit("payment.assigned", Payment.NAME, payment.id, before={"adopted": before}, after=after)
        converge_payment(unit, payment)
    return payment, unit.row(Fulfilment, payment.source, payment.external_id)


def _lock_invoice(unit: UnitOfWork, reference: str) -> None:
    """Subscriber and invoice, before the payment; only the invoice names him."""
    found = unit.committed(_WHOSE, {"source": OWN_SOURCE, "ref": reference})
    if not found:
        raise Rejected("unknown_invoice", f"no invoice of ours is called {reference}", {"field": "purpose_ref"})
    unit.row(Subscriber, OWN_SOURCE, found[0]["subscriber_ref"] or "")
    unit.row(Invoice, OWN_SOURCE, reference)


def _said_before(payment: Payment, command: AssignPayment) -> bool:
    held = payment.adopted or {}
    return "assigned" in held and (held["purpose"], held["purpose_ref"]) == (command.purpose, command.purpose_ref)


def _check(unit: UnitOfWork, payment: Payment) -> None:
    """Whether it waits for a purpose."""
    if payment.status != "succeeded" or payment.confirmed is False:
        current = "unconfirmed" if payment.confirmed is False else payment.status
        raise Rejected("not_paid", f"payment {payment.external_id} is {current}", {"current": current})
    asked = request_named(payment.metadata_)
    if asked is not None:
        name = f"{asked.request_type}:{asked.reference}"
        raise Rejected("requested", f"{name} has asked for it", {"current": name})
    known = _purpose(unit, payment)
    if known is not None:
        raise Rejected("has_purpose", f"payment {payment.external_id} is for {known}", {"current": known})
    gone = (payment.refunded_minor or 0) + withdrawn_minor(payment.disputes)
    if gone >= (payment.received_minor or 0):
        raise Rejected("money_went_back", f"all of payment {payment.external_id} is with the payer again", {"current": gone})


def _purpose(unit: UnitOfWork, payment: Payment) -> str | None:
    granted = unit.row(Fulfilment, payment.source, payment.external_id).purpose
    said, held = declared_purpose(payment.metadata_)[0], (payment.adopted or {}).get("purpose")
    for one in (granted, held, payment.purpose, said):
        if one in PURPOSES:
            return str(one)
    return payment.invoice_ref or payment.subscription_ref


def _customer(unit: UnitOfWork, payment: Payment, command: AssignPayment) -> Customer | None:
    known = payment.customer_ref or (payment.adopted or {}).get("customer_ref")
    named = command.customer_ref or known
    if known is not None and named != known:
        raise Rejected("other_customer", f"payment {payment.external_id} is of {known}", {"current": known, "field": "customer_ref"})
    if named is None:
        if command.purpose == "invoice":
            return None  # the invoice says whose it is
        raise Rejected("unknown_customer", "what is for something is for somebody: name the customer", {"field": "customer_ref"})
    row = unit.row(Customer, payment.source, named)
    if row.incomplete:
        raise Rejected("unknown_customer", f"no customer {named} is known at {payment.source}", {"field": "customer_ref"})
    return row


def _adopted(unit: UnitOfWork, before: Mapping[str, Any] | None, command: AssignPayment, customer: Customer | None) -> dict[str, Any]:
    """The decision beside the one that was there: who kept the money, and who said what it is for."""
    said = {"by": unit.actor, "at": iso(unit.now), "reason": command.reason}
    return {
        **(before or {"how": "assign", **said}),
        "customer_ref": customer.external_id if customer else None,
        "purpose": command.purpose,
        "purpose_ref": command.purpose_ref,
        "assigned": said,
    }
