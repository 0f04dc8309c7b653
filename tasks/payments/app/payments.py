"""`billing.payments.*`: the app takes money through us, and asks how it stands."""

from __future__ import annotations

from billing.operations.assign_payment import assign_payment
from billing.operations.cancel_payment import cancel_payment
from billing.operations.confirm_payment import confirm_payment
from billing.operations.request_payment import request_payment
from billing.operations.retry_payment import retry_payment
from billing.operations.unit import UnitOfWork
from billing.rules.commands.assigned_payments import AssignPayment, PaymentAssigned
from billing.rules.commands.base import Command
from billing.rules.commands.payments import (
    CancelPayment,
    ConfirmPayment,
    PaymentAsked,
    PaymentStands,
    RequestPayment,
    RetryPayment,
)
from billing.rules.facts.event import Event
from core.ids import public_id
from core.settings import current
from models.payment_request import PaymentRequest
from providers.app.read_command import read_command


def facts(event: Event) -> Command:
    """The command."""
    return read_command(event)


def request(unit: UnitOfWork, command: RequestPayment) -> PaymentAsked:
    """Take money, or carry it over."""
    return _asked(request_payment(unit, command, fee_basis_points=current().application_fee_basis_points))


def retry(unit: UnitOfWork, command: RetryPayment) -> PaymentAsked:
    """Another attempt."""
    return _asked(retry_payment(unit, command))


def cancel(unit: UnitOfWork, command: CancelPayment) -> PaymentAsked:
    """No further attempt."""
    return _asked(cancel_payment(unit, command))


def confirm(unit: UnitOfWork, command: ConfirmPayment) -> PaymentStands:
    """The payer is back."""
    payment, asked = confirm_payment(unit, command)
    return PaymentStands(
        status=(payment.status if payment else asked.status if asked else None) or "unknown",
        payment_ref=payment.external_id if payment else None,
        request=public_id(asked.PUBLIC_PREFIX, asked.id) if asked else None,
    )


def assign(unit: UnitOfWork, command: AssignPayment) -> PaymentAssigned:
    """Somebody knows what it was for."""
    payment, row = assign_payment(unit, command)
    return PaymentAssigned(
        payment=public_id(payment.PUBLIC_PREFIX, payment.id), purpose=row.purpose or "", status=row.status or "",
        fulfilment=public_id(row.PUBLIC_PREFIX, row.id),
    )  # fmt: skip


def _asked(row: PaymentRequest) -> PaymentAsked:
    return PaymentAsked(
        request=public_id(row.PUBLIC_PREFIX, row.id),
        reference=row.external_id,
        status=row.status or "pending",
        attempt=row.attempt or 0,
        charge_minor=row.charge_minor,
        application_fee_minor=row.application_fee_minor or 0,
    )
