"""What the payments queue's runs do with invoices that were not paid: try again, remind, suspend, end (DUN-1, DUN-2, DUN-5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Row

from billing.operations.enforce_dunning import enforce_dunning
from billing.operations.own_row import own_row
from billing.operations.take_dunning_step import take_dunning_step
from billing.operations.unit import UnitOfWork
from billing.rules.subscription_terms import stamp
from models.base import OWN_SOURCE
from models.collection_run import CollectionRun
from models.dunning_attempt import DunningAttempt
from models.dunning_case import DunningCase
from models.invoice import Invoice
from models.payment_request import PaymentRequest
from models.subscriber import Subscriber
from models.subscription import Subscription
from workers.context import Context
from workers.paging import Paged, work_pages
from workers.rows import StubTakenError
from workers.unit import Reference, Unit

_ANY_DUE = "SELECT EXISTS (SELECT FROM bursar.dunning_attempt WHERE status = 'pending' AND due_at <= %(now)s)"

log = structlog.get_logger(__name__)


def _rows_of(row: Row[Any]) -> Iterator[Reference]:
    yield Subscriber.NAME, OWN_SOURCE, row.subscriber_ref
    yield Invoice.NAME, OWN_SOURCE, row.case_ref
    yield DunningCase.NAME, OWN_SOURCE, row.case_ref
    if row.subscription_ref is not None:
        yield Subscription.NAME, OWN_SOURCE, row.subscription_ref
    if row.request_ref is not None:
        yield PaymentRequest.NAME, row.request_source, row.request_ref


def _step(row: Row[Any]) -> Iterator[Reference]:
    yield from _rows_of(row)
    yield DunningAttempt.NAME, OWN_SOURCE, row.item


def _enforce(unit: UnitOfWork, rows: Sequence[Row[Any]]) -> None:
    for one in rows:
        enforce_dunning(unit, one.item)


def collecting(run_ref: str) -> Paged:
    """Steps that are due, as one collection run."""

    def take(unit: UnitOfWork, rows: Sequence[Row[Any]]) -> None:
        for one in rows:
            take_dunning_step(unit, one.item, newest=one.newest, run_ref=run_ref)

    return Paged(
        job="collect_due",
        due="""SELECT a.due_at, a.id, a.external_id AS item, a.case_ref, a.subscriber_ref, c.subscription_ref,
                c.request_source, c.request_ref,
                NOT EXISTS (SELECT FROM bursar.dunning_attempt l WHERE l.case_ref = a.case_ref AND l.status = 'pending'
                            AND l.due_at <= %(now)s AND l.due_at > a.due_at) AS newest
            FROM bursar.dunning_attempt a
            JOIN bursar.dunning_case c ON c.source = 'bursar' AND c.external_id = a.case_ref
            JOIN bursar.subscriber b ON b.source = 'bursar' AND b.external_id = a.subscriber_ref
            WHERE a.status = 'pending' AND a.due_at <= %(now)s AND (a.due_at, a.id) > (%(after_at)s, %(after_id)s)
            ORDER BY a.due_at, a.id LIMIT %(page)s FOR UPDATE OF b SKIP LOCKED""",
        references=_step,
        work=take,
    )


ENFORCE = Paged(
    job="enforce_dunning",
    due="""SELECT c.next_deadline_at AS due_at, c.id, c.external_id AS item, c.external_id AS case_ref, c.subscriber_ref,
                  c.subscription_ref, c.request_source, c.request_ref
        FROM bursar.dunning_case c JOIN bursar.subscriber b ON b.source = 'bursar' AND b.external_id = c.subscriber_ref
        WHERE c.status = 'open' AND c.next_deadline_at <= %(now)s AND (c.next_deadline_at, c.id) > (%(after_at)s, %(after_id)s)
        ORDER BY c.next_deadline_at, c.id LIMIT %(page)s FOR UPDATE OF b SKIP LOCKED""",
    references=_rows_of,
    work=_enforce,
)
"""DUN-2."""


def collect(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """One collection run. Its row is there before its first attempt, and only where there is something to do."""
    reference = stamp(slot_at)
    try:
        if not _begun(context, slot_at, reference):
            return {"items": 0, "failed": 0, "more": False}
    except StubTakenError:
        log.info("collection_run_begun_by_another", collection_run=reference)  # another hand of this slot, at this moment
    return {**work_pages(context, collecting(reference), slot_at), "run": reference}


def _begun(context: Context, slot_at: datetime, reference: str) -> bool:
    with context.engine.begin() as connection:
        now = context.clock.now()
        if not connection.exec_driver_sql(_ANY_DUE, {"now": now}).scalar_one():
            return False
        unit = Unit(connection, context.keys, now=now, actor="bursar", reason=f"collect_due {slot_at.isoformat()}")
        row, new = own_row(unit, CollectionRun, OWN_SOURCE, reference)
        if new:
            row.slot_at = slot_at
            unit.audit("collection_run.begun", CollectionRun.NAME, row.id, before=None, after={"external_id": reference})
        unit.flush()
    return True
