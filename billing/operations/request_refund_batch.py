"""Refunds of many payments at once (REFUND-10): the wish is a row, each payment an item, and one that fails stops no other."""

from __future__ import annotations

from datetime import timedelta

from billing.operations.move_request import move_request
from billing.operations.own_row import own_row
from billing.operations.refund_terms import Terms
from billing.operations.request_refund import request_refund
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.commands.refunds import RequestBatch, RequestRefund
from billing.rules.states_refunds import REFUND_BATCH, REFUND_ITEM
from models.refund_batch import RefundBatch, RefundItem

_ACTING = ("acting_for", "account_ref", "owner", "organisation")
_TOO_SOON = "not_known_yet"
_PATIENCE = timedelta(days=1)
"""How long an item waits for the provider's news of its payment; events that were lost are taken in within hours."""


def request_refund_batch(unit: UnitOfWork, command: RequestBatch) -> RefundBatch:
    """The batch, with its listed payments as items; a run makes the refunds, and finds the payments where a purpose is named.

    Raises:
        Rejected: `reference_used`.
    """
    row, new = own_row(unit, RefundBatch, command.source, command.reference)
    if not new:
        if (row.purpose, row.purpose_ref, row.reason) != (command.purpose, command.purpose_ref, command.reason):
            raise Rejected("reference_used", f"{command.reference} is another batch", {"field": "reference"})
        return row
    row.purpose, row.purpose_ref, row.reason = command.purpose, command.purpose_ref, command.reason
    row.acting = {name: getattr(command, name) for name in _ACTING}
    row.note, row.actor, row.requested_at = command.note, unit.actor, unit.now
    for payment_ref in command.payments:
        add_item(unit, row, payment_ref)
    move_request(unit, row, REFUND_BATCH, "asked", payments=len(command.payments), purpose=row.purpose, purpose_ref=row.purpose_ref)
    return row


def add_item(unit: UnitOfWork, batch: RefundBatch, payment_ref: str) -> RefundItem:
    """One payment of the batch; the same again is the same item."""
    item, new = own_row(unit, RefundItem, batch.source, f"{batch.external_id}:{payment_ref}")
    if new:
        item.batch_ref, item.payment_ref = batch.external_id, payment_ref
        move_request(unit, item, REFUND_ITEM, "open", batch=batch.external_id, payment=payment_ref)
    return item


def refund_item(unit: UnitOfWork, batch: RefundBatch, item: RefundItem, terms: Terms) -> bool:
    """Ask for the refund of one item; what the rules refuse is its outcome. False: the provider has not told all that is needed of the
    payment, and the next run asks again."""
    if item.status != "open":
        return True
    try:
        row = request_refund(unit, RequestRefund(
            source=batch.source, key=f"batch:{batch.id.hex}", **(batch.acting or {}), reason=batch.reason, payment_ref=item.payment_ref,  # type: ignore[arg-type]
            note=batch.note,
        ), terms)  # fmt: skip
    except Rejected as refused:
        if refused.code == _TOO_SOON and unit.now < (batch.requested_at or unit.now) + _PATIENCE:
            return False
        item.code, item.message = refused.code, refused.message
        move_request(unit, item, REFUND_ITEM, "refused", code=refused.code, batch=batch.external_id)
        return True
    item.reference, item.amount_minor, item.currency = row.external_id, row.amount_minor, row.currency
    move_request(unit, item, REFUND_ITEM, "requested", reference=row.external_id, batch=batch.external_id)
    return True
