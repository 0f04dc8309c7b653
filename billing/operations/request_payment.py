"""Takes money from a customer's stored method: checked against every rule first, written before any call (PAY-2)."""

from __future__ import annotations

from datetime import timedelta

from billing.operations.attach_promo import attach_promo
from billing.operations.attempt_payment import PAYPAL, attempt_payment
from billing.operations.carry_over import balance_of, take
from billing.operations.carry_request_over import carry_request_over
from billing.operations.own_row import own_row
from billing.operations.unit import UnitOfWork
from billing.rules.application_fee import application_fee
from billing.rules.commands.base import Rejected
from billing.rules.commands.payments import RequestPayment
from billing.rules.minimum_charge import minimum_charge
from billing.rules.payment_methods import methods_in, offered
from models.account import Account
from models.customer import Customer
from models.payment_method import PaymentMethod
from models.payment_request import PaymentRequest

_COPIED = (
    "amount_minor", "currency", "customer_ref", "payment_method_ref", "method", "country", "invoice_ref", "purpose", "purpose_ref",
    "description", "destination_ref", "payee_ref", "off_session", "return_url", "promo_ref", "reason", "note",
)  # fmt: skip
_IDENTITY = ("amount_minor", "currency", "customer_ref", "destination_ref", "payee_ref", "purpose", "purpose_ref", "promo_ref")
PROMO_STANDS = timedelta(days=1)
"""How long a payer who has to act may take before his promo code's use is free again."""


def request_payment(unit: UnitOfWork, command: RequestPayment, *, fee_basis_points: int) -> PaymentRequest:
    """The request, on its way to the provider or carried over; the same one again changes nothing.

    Args:
        unit: the transaction.
        command: what is wanted.
        fee_basis_points: the platform's share of payments that pass on money (PAY-4), as it is set now.

    Raises:
        Rejected: see the command's REFUSALS; nothing was called and no row changed.
    """
    row, new = own_row(unit, PaymentRequest, command.source, command.reference)
    if not new:
        known = {name: getattr(row, name) for name in _IDENTITY}
        if known != {name: getattr(command, name) for name in _IDENTITY}:
            details = {"current": known, "field": "reference"}
            raise Rejected("reference_used", f"{command.reference} is another payment's reference", details)
        return row
    _refuse(unit, command)
    for name in _COPIED:
        setattr(row, name, getattr(command, name))
    row.actor, row.requested_at = unit.actor, unit.now
    row.attempt, row.carried_minor, row.retry_wanted, row.cancel_wanted = 0, 0, False, False
    if command.promo_ref is not None:
        attach_promo(unit, row, command.promo_ref, amount_minor=command.amount_minor, until=unit.now + PROMO_STANDS)
    if command.source == PAYPAL:
        row.method = PAYPAL
    else:
        owed = balance_of(unit, row).owed_minor or 0
        if command.amount_minor + owed < minimum_charge(command.source, command.currency):
            carry_request_over(unit, row)
            return row
        row.carried_minor = take(unit, row)
    if row.destination_ref or row.payee_ref:
        row.application_fee_basis_points = fee_basis_points
        row.application_fee_minor = application_fee(row.charge_minor, fee_basis_points)
    attempt_payment(unit, row)
    return row


def _refuse(unit: UnitOfWork, command: RequestPayment) -> None:
    source, country = command.source, command.country
    method = PAYPAL if source == PAYPAL else command.method
    if not offered(method, country):
        limits = {"current": method, "limit": methods_in(country or ""), "field": "method"}
        raise Rejected("method_not_offered", f"{method} is not offered in {country}", limits)
    least = minimum_charge(source, command.currency)
    if source == PAYPAL and command.amount_minor < least:
        bound = {"current": command.amount_minor, "limit": least}
        raise Rejected("below_minimum", f"{source} charges {least} {command.currency} at least", bound)
    if command.customer_ref and unit.row(Customer, source, command.customer_ref).deleted_at is not None:
        raise Rejected("customer_deleted", f"{command.customer_ref} was deleted at {source}", {"field": "customer_ref"})
    if command.payment_method_ref and unit.row(PaymentMethod, source, command.payment_method_ref).detached_at is not None:
        raise Rejected("method_detached", f"{command.payment_method_ref} can no longer be charged", {"field": "payment_method_ref"})
    if command.destination_ref and unit.row(Account, source, command.destination_ref).charges_enabled is False:
        raise Rejected("account_disabled", f"{command.destination_ref} may not take charges now", {"field": "destination_ref"})
