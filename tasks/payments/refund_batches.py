"""Refunds of many payments at once, made item by item (REFUND-10): the work of the run `refund_batches`.

Each works item by item, a transaction each, so that one that fails stops no other, and one that dies leaves what it has
committed; what is left, the next slot takes up.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from billing.operations.move_request import move_request
from billing.operations.refund_terms import terms
from billing.operations.request_refund_batch import add_item, refund_item
from billing.rules.states_refunds import REFUND_BATCH
from core.clock import monotonic_s
from models.refund_batch import RefundBatch, RefundItem
from workers.context import Context
from workers.one_by_one import one_by_one
from workers.unit import Unit

_BUDGET_S = 12.0
_PAGE = 200
_ASKED = """SELECT source, external_id, purpose, purpose_ref FROM bursar.refund_batch WHERE status = 'asked'
            ORDER BY requested_at, id LIMIT 1 FOR UPDATE SKIP LOCKED"""
_BOUGHT = """SELECT payment_ref FROM bursar.fulfilment WHERE source = %(source)s AND purpose = %(purpose)s
             AND purpose_ref = %(purpose_ref)s AND payment_ref IS NOT NULL ORDER BY id"""
_OPEN = """SELECT i.source, i.batch_ref, i.external_id FROM bursar.refund_item i
           JOIN bursar.refund_batch b ON b.source = i.source AND b.external_id = i.batch_ref AND b.status = 'running'
           WHERE i.status = 'open' ORDER BY b.requested_at, b.id, i.id LIMIT %(page)s"""
_FINISHED = """SELECT b.source, b.external_id FROM bursar.refund_batch b WHERE b.status = 'running' AND NOT EXISTS (
               SELECT FROM bursar.refund_item i WHERE i.source = b.source AND i.batch_ref = b.external_id AND i.status = 'open')
               ORDER BY b.id LIMIT %(page)s FOR UPDATE SKIP LOCKED"""


def make_batches(context: Context) -> Mapping[str, Any]:
    """Make the refunds of batches that were asked for (REFUND-10): open them, refund item by item, close those that are through.

    Raises:
        Exception: whatever the first item raised that failed by a fault of ours, after the others; it stays open.
    """
    end, counts = monotonic_s() + _BUDGET_S, {"opened": 0, "items": 0, "failed": 0, "finished": 0}
    while monotonic_s() < end and _open_one(context):
        counts["opened"] += 1
    with context.engine.connect() as connection:
        found = connection.exec_driver_sql(_OPEN, {"page": _PAGE}).all()
    went = one_by_one(
        found, lambda one: _refund(context, *one), name="refund_item", effect="nothing was refunded of it; it is tried again", end_s=end,
    )  # fmt: skip
    counts["items"], counts["failed"] = went.done, went.put_back
    with context.engine.begin() as connection:
        counts["finished"] = _close(connection, context)
    went.or_raise()
    return counts | {"more": len(found) == _PAGE and counts["items"] > 0}


def _open_one(context: Context) -> bool:
    with context.engine.begin() as connection:
        found = connection.exec_driver_sql(_ASKED).one_or_none()
        if found is None:
            return False
        source, external_id, purpose, purpose_ref = found
        unit = _unit(connection, context)
        batch = unit.row(RefundBatch, source, external_id)
        if purpose_ref is not None:
            bound = {"source": source, "purpose": purpose, "purpose_ref": purpose_ref}
            for (payment_ref,) in connection.exec_driver_sql(_BOUGHT, bound).all():
                add_item(unit, batch, payment_ref)
        move_request(unit, batch, REFUND_BATCH, "running")
        unit.flush()
    return True


def _refund(context: Context, source: str, batch_ref: str, item_ref: str) -> bool:
    with context.engine.begin() as connection:
        unit = _unit(connection, context)
        batch = unit.row(RefundBatch, source, batch_ref)
        unit.about(now=context.clock.now(), actor=batch.actor or "bursar", reason=f"batch {batch_ref}", inbox_id=None)
        done = refund_item(unit, batch, unit.row(RefundItem, source, item_ref), terms(context.settings))
        unit.flush()
    return done


def _close(connection: Connection, context: Context) -> int:
    unit = _unit(connection, context)
    found = connection.exec_driver_sql(_FINISHED, {"page": _PAGE}).all()
    for source, external_id in found:
        batch = unit.row(RefundBatch, source, external_id)
        batch.completed_at = context.clock.now()
        move_request(unit, batch, REFUND_BATCH, "done")
    unit.flush()
    return len(found)


def _unit(connection: Connection, context: Context) -> Unit:
    return Unit(connection, context.keys, now=context.clock.now(), reason="refund_batches")
