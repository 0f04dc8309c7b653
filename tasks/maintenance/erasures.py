"""Goes on with erasures, page by page, each page a transaction (SEC-6); a worker that is killed loses the page in its hands."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import psycopg
import structlog
from sqlalchemy.exc import DBAPIError

from billing.operations.advance_erasure import advance_erasure
from billing.operations.erase_rows import forget_buyers
from core.clock import monotonic_s
from models.base import OWN_SOURCE
from models.erasure import Erasure
from models.subscriber import Subscriber
from workers.context import Context
from workers.unit import Unit

log = structlog.get_logger(__name__)

BUDGET_S = 8.0
_BUSY = frozenset({"40P01", "55P03", "40001"})
_DUE = """SELECT external_id, reason FROM bursar.erasure WHERE due_at <= %(now)s AND external_id <> ALL (%(busy)s)
          ORDER BY due_at, id LIMIT 1"""


def erase_due(context: Context, budget_s: float = BUDGET_S) -> Mapping[str, Any]:
    """Pages of whatever is due, until nothing is or the time is up.

    Raises:
        Exception: whatever the first one raised that failed by a fault of ours, after the others.
    """
    end_s, pages, busy, finished = monotonic_s() + budget_s, 0, [""], 0
    faults: list[Exception] = []
    while monotonic_s() < end_s:
        ref, done = _page(context, busy, faults)
        if ref is None:
            if faults:
                raise faults[0]
            return {"pages": pages, "finished": finished, "busy": len(busy) - 1, "more": False}
        pages, finished = pages + 1, finished + done
    return {"pages": pages, "finished": finished, "busy": len(busy) - 1, "more": True}


def _page(context: Context, busy: list[str], faults: list[Exception]) -> tuple[str | None, bool]:
    """One page of the first that is due; whether it ended one."""
    now, ref = context.clock.now(), None
    try:
        with context.engine.begin() as connection:
            found = connection.exec_driver_sql(_DUE, {"now": now, "busy": busy}).one_or_none()
            if found is None:
                return None, False
            ref = str(found.external_id)
            unit = Unit(connection, context.keys, now=now, actor="bursar", reason=f"erase_customers: {found.reason}")
            unit.load([(Subscriber.NAME, OWN_SOURCE, ref), (Erasure.NAME, OWN_SOURCE, ref)])
            row = unit.row(Erasure, OWN_SOURCE, ref)
            if row.due_at is None or row.due_at > now:  # another run has just gone on with it
                return ref, False
            advance_erasure(unit, connection, ref)
            ended = row.due_at is None or row.due_at > now
            unit.flush()
    except Exception as error:
        if ref is None:
            raise
        if isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in _BUSY:
            log.info("erasure_put_back", erasure=ref, cause="another transaction has his rows", next_step="the next slot goes on")
        else:
            faults.append(error)
            log.exception("erasure_failed", erasure=ref, effect="this page of it was taken back; the others go on")
        busy.append(ref)
        return ref, False
    if ended:
        log.info("erasure_paused" if row.status == "waiting" else "erasure_done", erasure=ref, waits_for=row.waits_for)
    return ref, ended


_PAPERS = """
    DELETE FROM bursar.efactura_paper WHERE id = ANY (ARRAY(
        SELECT p.id FROM bursar.document_buyer b JOIN bursar.document d ON d.id = b.document_id
        JOIN bursar.efactura_paper p ON p.efactura_ref = d.external_id WHERE b.erased_at IS NOT NULL ORDER BY p.id LIMIT %(page)s))"""


def forget_old(context: Context, maintenance: psycopg.Connection[Any], slot_at: datetime, page: int = 500) -> Mapping[str, Any]:
    """Buyers of papers that the law no longer wants, and what was sent to a tax office about them; `maintenance` commits each statement."""
    end_s, buyers, papers, more = monotonic_s() + BUDGET_S, 0, 0, True
    while more and monotonic_s() < end_s:
        with context.engine.begin() as connection:
            count = forget_buyers(connection, slot_at, page)
        deleted = maintenance.execute(_PAPERS, {"page": page}).rowcount
        buyers, papers, more = buyers + count, papers + deleted, page in (count, deleted)
    return {"buyers": buyers, "papers": papers, "more": more}
