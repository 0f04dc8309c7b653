"""Gives money back: every rule is checked, and the request written, before anything is called (REFUND-1, 2, 9, 12)."""

from __future__ import annotations

from datetime import timedelta

from billing.operations.given_back import refundable_minor
from billing.operations.move_refund import move_refund, note
from billing.operations.own_row import own_row
from billing.operations.refund_shares import Division, divided, request_of
from billing.operations.refund_terms import Terms
from billing.operations.submit_refund import submit_refund
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.commands.refunds import RequestRefund
from billing.rules.disputed import withdrawn_minor
from billing.rules.refund import Paid, Refusal, eligible, entry, parts, pending_minor
from billing.rules.refund_reference import refund_reference
from core.ids import new_id
from models.payment import Payment
from models.payment_request import PaymentRequest
from models.refund_request import RefundRequest


def request_refund(unit: UnitOfWork, command: RequestRefund, terms: Terms) -> RefundRequest:
    """The request, on its way to the provider or waiting for a second person; the same key again is the same refund.

    Raises:
        Rejected: see the command's REFUSALS; nothing was called and no row changed.
    """
    payment = _payment(unit, command)
    division = divided(unit, payment)
    _permit(unit, payment, division, command)
    known = _known(unit, payment, command)
    if known is not None:
        return known
    if command.currency is not None and command.currency != payment.currency:
        raise Rejected("currency_differs", f"it was paid in {payment.currency}", {"current": command.currency, "field": "currency"})
    amount = amount_of(payment, command.amount_minor, unit, terms.window)
    if not division.known:
        raise Rejected("not_known_yet", "the provider has not told yet how the payment was divided; try again soon", {})
    row = _write(unit, payment, division, command, amount, terms)
    if terms.approval_above_minor is not None and amount > terms.approval_above_minor:
        move_refund(unit, row, "pending")
    else:
        submit_refund(unit, row, payment)
    return row


def amount_of(payment: Payment, wanted_minor: int | None, unit: UnitOfWork, window: timedelta, *, own_minor: int = 0) -> int:
    """The amount that may go back.

    Args:
        payment: locked.
        wanted_minor: None: all that is left.
        unit: whose time it is.
        window: how long after the payment.
        own_minor: what of the pending is this very refund.

    Raises:
        Rejected: as `eligible` says; `given_as_credit`.
    """
    said = eligible(paid(payment, own_minor), wanted_minor, unit.now, window)
    if isinstance(said, Refusal):
        raise Rejected(said.code, f"{payment.external_id}: {said.message}", {"current": said.current, "limit": said.limit})
    bound = refundable_minor(unit, payment)
    if bound is None or said <= (bound := bound + own_minor):
        return said
    if wanted_minor is None and bound:
        return bound
    message = f"{payment.external_id}: the rest of it was given as credit for what was not used; {bound} minor units are left to refund"
    raise Rejected("given_as_credit", message, {"current": said, "limit": bound})


def paid(payment: Payment, own_minor: int = 0) -> Paid:
    """The payment as the rules see it."""
    return Paid(
        status=payment.status,
        confirmed=payment.confirmed is not False,
        paid_at=payment.provider_created_at,
        received_minor=payment.received_minor or 0,
        refunded_minor=payment.refunded_minor or 0,
        pending_minor=pending_minor(payment.refund_requests) - own_minor,
        withdrawn_minor=withdrawn_minor(payment.disputes),
    )


def _payment(unit: UnitOfWork, command: RequestRefund) -> Payment:
    ref = command.payment_ref
    if ref is None:
        ref = unit.row(PaymentRequest, command.source, command.reference or "").payment_ref
    row = unit.row(Payment, command.source, ref) if ref else None
    if row is None or row.incomplete:
        field = "payment_ref" if command.payment_ref else "reference"
        raise Rejected("unknown_payment", f"no such payment is known at {command.source}", {"field": field})
    return row


def _permit(unit: UnitOfWork, payment: Payment, division: Division, acting: RequestRefund) -> None:
    """REFUND-12. What is not said of the payment permits nobody."""
    if acting.acting_for == "platform":
        return
    said = payment.metadata_ or {}
    request = request_of(unit, payment)
    payees = {payment.account_ref, division.payee_ref, request.destination_ref if request else None} - {None}
    if (
        acting.account_ref in payees
        or (acting.owner is not None and said.get("owner") == acting.owner)
        or (acting.organisation is not None and said.get("organisation") == acting.organisation)
    ):
        return
    raise Rejected("not_permitted", f"{payment.external_id} is not this organiser's", {"field": "acting_for"})


def _known(unit: UnitOfWork, payment: Payment, command: RequestRefund) -> RefundRequest | None:
    for reference, one in (payment.refund_requests or {}).items():
        if one.get("key") != command.key:
            continue
        if command.amount_minor not in (None, one["amount_minor"]):
            about = {"current": one["amount_minor"], "field": "key"}
            raise Rejected("key_used", f"{command.key} is {reference}, a refund of another amount", about)
        return unit.row(RefundRequest, payment.source, reference)
    return None


def _write(
    unit: UnitOfWork, payment: Payment, division: Division, command: RequestRefund, amount: int, terms: Terms
) -> RefundRequest:
    new = False
    while not new:
        row, new = own_row(unit, RefundRequest, payment.source, refund_reference(unit.now.date(), new_id(unit.now)))
    before = (payment.refunded_minor or 0) + pending_minor(payment.refund_requests)
    found = parts(division.shares, terms.fee_policy, amount, before, payment.refund_requests)
    row.amount_minor, row.currency = amount, payment.currency
    row.payment_ref, row.payment_id, row.account_ref = payment.external_id, payment.id, payment.account_ref
    row.charge_ref = division.charge.external_id if division.charge else None
    row.payee_ref, row.key, row.reason = division.payee_ref, command.key, command.reason
    row.fee_policy, row.fee_minor, row.transfer_minor = terms.fee_policy, found.fee_minor, found.transfer_minor
    row.actor, row.requested_at, row.share_step = unit.actor, unit.now, 0
    for kind, text in (("internal", command.note), ("customer", command.customer_note)):
        if text:
            note(unit, row, kind, text)
    asked = entry(amount, found.fee_minor, found.transfer_minor, "pending", key=command.key)
    payment.refund_requests = {**(payment.refund_requests or {}), row.external_id: asked}
    payment.updated_at = max(payment.updated_at, unit.now)
    return row
