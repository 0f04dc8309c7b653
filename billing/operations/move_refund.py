"""Moves a refund that we ask for: status, history, audit and notes in one step (REFUND-2, REFUND-9)."""

from __future__ import annotations

from typing import Any

from billing.operations.move_request import move_request
from billing.operations.unit import UnitOfWork
from billing.rules.instants import iso
from billing.rules.states_refunds import REFUND_REQUEST
from models.payment import Payment
from models.refund_request import RefundRequest


def move_refund(unit: UnitOfWork, row: RefundRequest, after: str, **about: Any) -> bool:
    """Whether it moved; the same status again is no move.

    Raises:
        IllegalMoveError: the table has no such move.
    """
    told = {"amount_minor": row.amount_minor, "currency": row.currency, "payment": row.payment_ref, "reason": row.reason, **about}
    if not move_request(unit, row, REFUND_REQUEST, after, **told):
        return False
    row.history = [*(row.history or []), {"status": after, "at": iso(unit.now), "actor": unit.actor}]
    return True


def note(unit: UnitOfWork, row: RefundRequest, kind: str, text: str) -> None:
    """Add a note: `internal`, `customer` or `gateway`."""
    row.notes = [*(row.notes or []), {"kind": kind, "text": text, "at": iso(unit.now), "actor": unit.actor}]
    row.updated_at = max(row.updated_at, unit.now)


def stand(payment: Payment, row: RefundRequest, state: str) -> bool:
    """Have the locked payment remember how its refund stands: `pending`, `made` or `undone`; whether that is new."""
    known = (payment.refund_requests or {}).get(row.external_id)
    if known is None or known["state"] == state:
        return False
    payment.refund_requests = {**(payment.refund_requests or {}), row.external_id: known | {"state": state}}
    return True
