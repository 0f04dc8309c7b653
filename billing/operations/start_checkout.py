"""Starts a checkout at a provider (PAY-18): refused by our rules before any call, written before the call."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from billing.operations.attach_promo import attach_promo
from billing.operations.attempt_payment import QUEUE
from billing.operations.move_request import move_request
from billing.operations.own_row import own_row
from billing.operations.unit import UnitOfWork
from billing.rules.application_fee import application_fee
from billing.rules.commands.base import MOST_MINOR, Rejected
from billing.rules.commands.checkout import StartCheckout
from billing.rules.minimum_charge import minimum_charge
from billing.rules.payment_methods import methods_in, offered
from billing.rules.purpose import declaration
from billing.rules.states_charges import CHECKOUT_REQUEST
from models.account import Account
from models.checkout_request import CheckoutRequest
from providers.stripe.session import session_params

_METHOD = {"stripe": "card", "paypal": "paypal"}
_COPIED = (
    "mode", "currency", "purpose", "purpose_ref", "customer_ref", "external_ref", "country", "success_url", "cancel_url",
    "destination_ref", "payee_ref", "promo_ref", "reason",
)  # fmt: skip
_IDENTITY = ("mode", "currency", "customer_ref", "destination_ref", "payee_ref", "purpose", "purpose_ref", "promo_ref")
_STANDS = timedelta(hours=25)
"""How long a payer may take where the checkout has no end of ours: providers' pages stand for a day at most."""


def start_checkout(unit: UnitOfWork, command: StartCheckout, *, fee_basis_points: int) -> CheckoutRequest:
    """The request, on its way to the provider; the same one again changes nothing.

    Args:
        unit: the transaction.
        command: what is wanted.
        fee_basis_points: the platform's share of payments that pass on money (PAY-4), as it is set now.

    Raises:
        Rejected: see the command's REFUSALS; nothing was called and no row changed.
    """
    row, new = own_row(unit, CheckoutRequest, command.source, command.reference)
    total = (command.amount_minor or 0) * command.quantity
    if not new:
        known = {name: getattr(row, name) for name in _IDENTITY} | {"amount_minor": row.amount_minor}
        if known != {name: getattr(command, name) for name in _IDENTITY} | {"amount_minor": total}:
            details = {"current": known, "field": "reference"}
            raise Rejected("reference_used", f"{command.reference} is another checkout's reference", details)
        return row
    _refuse(unit, command, total)
    for name in _COPIED:
        setattr(row, name, getattr(command, name))
    row.amount_minor, row.attempt, row.expire_wanted = total, 0, False
    row.lines = [_line(command)]
    row.actor, row.requested_at = unit.actor, unit.now
    row.expires_at = unit.now + timedelta(seconds=command.expires_in_s) if command.expires_in_s else None
    if command.promo_ref is not None:
        attach_promo(unit, row, command.promo_ref, amount_minor=total, until=row.expires_at or unit.now + _STANDS)
    if row.destination_ref or row.payee_ref:
        row.application_fee_basis_points = fee_basis_points
        row.application_fee_minor = application_fee(total, fee_basis_points)
    move_request(unit, row, CHECKOUT_REQUEST, "pending", amount_minor=total, currency=row.currency, purpose=row.purpose)
    _ask(unit, row, command)
    return row


def lane_of(row: CheckoutRequest) -> str:
    """The customer's lane, or the checkout's own while nobody knows who pays."""
    return f"{row.source}:{row.customer_ref or row.external_id}"


def _line(command: StartCheckout) -> dict[str, Any]:
    names = ("description", "amount_minor", "currency", "price_ref", "quantity", "interval")
    return {name: getattr(command, name) for name in names}


def _ask(unit: UnitOfWork, row: CheckoutRequest, command: StartCheckout) -> None:
    if row.source == "paypal":
        # What it is for stands in the request, which `custom_id` names: there is no room for more.
        values: dict[str, Any] = {
            "amount_minor": row.amount_minor, "currency": row.currency, "description": command.description,
            "return_url": row.success_url, "cancel_url": row.cancel_url,
        }  # fmt: skip
        unit.submit("order.create", row, values=values, queue=QUEUE, lane=lane_of(row))
        return
    names = ("destination_ref", "application_fee_minor", "application_fee_basis_points")
    params = session_params(
        mode=command.mode,
        line=_line(command),
        success_url=command.success_url,
        cancel_url=command.cancel_url,
        metadata=declaration(row.purpose, row.purpose_ref),
        request=f"{row.NAME}:{row.external_id}",
        client_reference=row.external_ref,
        email=None if row.customer_ref else command.email,
        expires_at=row.expires_at,
        fee={name: getattr(row, name) for name in names},
    )
    values = {"customer_ref": row.customer_ref, "params": params}
    unit.submit("checkout_session.create", row, values=values, queue=QUEUE, lane=lane_of(row))


def _refuse(unit: UnitOfWork, command: StartCheckout, total: int) -> None:
    source, method = command.source, _METHOD[command.source]
    if source == "paypal" and (command.mode != "payment" or command.price_ref or command.destination_ref):
        raise Rejected("mode_not_offered", "a PayPal order is one payment to us of an amount", {"current": command.mode, "field": "mode"})
    if not offered(method, command.country):
        limit = methods_in(command.country or "")
        raise Rejected("method_not_offered", f"{method} is not offered in {command.country}", {"current": method, "limit": limit})
    if total > MOST_MINOR:
        bound = {"current": total, "limit": MOST_MINOR}
        raise Rejected("amount_out_of_bounds", f"a checkout is of {MOST_MINOR} minor units at most", bound)
    least = minimum_charge(source, command.currency or "")
    if command.amount_minor is not None and total < least:
        raise Rejected("below_minimum", f"{source} charges {least} {command.currency} at least", {"current": total, "limit": least})
    if command.destination_ref and unit.row(Account, source, command.destination_ref).charges_enabled is False:
        raise Rejected("account_disabled", f"{command.destination_ref} may not take charges now", {"field": "destination_ref"})
