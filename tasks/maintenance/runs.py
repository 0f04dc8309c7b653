"""The maintenance queue's scheduled runs: `<job>(context, slot_at) -> result`, called for one claimed slot.

Each is bounded in time and picks up where it stopped at its next slot, so that none outlives the task's time limit.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import psycopg
import structlog
from sqlalchemy import Connection

from billing.operations.seal_audit import seal
from billing.operations.verify_audit import noted_heads, resume_from, verify
from core.clock import monotonic_s
from models.database import connect
from workers.context import Context
from workers.hints import Hinter
from workers.routes import ROUTES
from workers.routing import queue_of, route
from workers.sweep import sweep as sweep_once

log = structlog.get_logger(__name__)

_SEAL_CHUNK = 10_000
_SEAL_BUDGET_S = 8.0
_VERIFY_CHUNK = 150_000
"""Seals in one run, some 8 s; the next run goes on from there, and begins anew after the last one."""
_REOPEN_CHUNK = 1_000
_MONTHS_AHEAD = 3
_KEEP_SLOTS_DAYS = 90

# From one (source, event_type) to the next along the index: one look per type, not one per ignored row.
_IGNORED_TYPES = """
    WITH RECURSIVE types AS (
        (SELECT source, event_type FROM bursar.inbox WHERE state = 'ignored' ORDER BY source, event_type LIMIT 1)
        UNION ALL
        SELECT later.source, later.event_type FROM types, LATERAL (
            SELECT i.source, i.event_type FROM bursar.inbox i
            WHERE i.state = 'ignored' AND (i.source, i.event_type) > (types.source, types.event_type)
            ORDER BY i.source, i.event_type LIMIT 1) AS later)
    SELECT source, event_type FROM types"""
# Only while the bytes are there: without them an event would go down the ladder and die. Behind what waits, as a replay.
_REOPEN = """WITH chosen AS (SELECT id FROM bursar.inbox WHERE state = 'ignored' AND ignored_reason <> 'livemode'
                           AND source = %(source)s AND event_type = %(event_type)s AND EXISTS (SELECT FROM bursar.inbox_payload p
                                       WHERE p.inbox_id = inbox.id AND p.received_at = inbox.received_at)
                           LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
             UPDATE bursar.inbox i SET state = 'received', ignored_reason = NULL, queue = %(queue)s, next_at = %(now)s,
                    fair_at = %(now)s, ready_at = clock_timestamp() FROM chosen WHERE i.id = chosen.id"""


class AuditTamperedError(Exception):
    """The audit does not verify: rows were changed, removed or reordered behind the program's back."""


def sweep(context: Context, _slot_at: datetime) -> Mapping[str, Any]:
    """The standby's work once more, for the time that the standby is down."""
    hinter = Hinter(context.settings.broker_url.get_secret_value())
    swept = sweep_once(context, hinter)
    hinter.close()
    return {"promoted": swept.promoted, "lapsed": swept.lapsed, "dead": swept.dead, "late": swept.late}


def seal_audit(context: Context, _slot_at: datetime) -> Mapping[str, Any]:
    """Chain the audit rows that are not sealed yet (AUDIT-3)."""
    sealed, end = 0, monotonic_s() + _SEAL_BUDGET_S
    while True:
        with context.engine.begin() as connection:
            chunk = seal(_driver(connection), context.keys, _SEAL_CHUNK)
        sealed += chunk
        if chunk < _SEAL_CHUNK or monotonic_s() > end:
            return {"sealed": sealed}


def verify_audit(context: Context, _slot_at: datetime) -> Mapping[str, Any]:
    """Check MACs and chain (AUDIT-3), a large audit in turns; `bursar audit verify` checks the whole at once.

    Raises:
        AuditTamperedError: something does not verify; the message names the first bad row.
    """
    with context.engine.begin() as connection:
        driver = _driver(connection)
        seal(driver, context.keys, _SEAL_CHUNK, whole=True)
        report = verify(driver, context.keys, heads=noted_heads(driver), after=resume_from(driver), limit=_VERIFY_CHUNK)
    if report.first_bad is not None:
        raise AuditTamperedError(str(report.first_bad))
    # The head in the log, outside the database, proves later that the chain's end was not cut off.
    log.info("audit_verified", rows=report.checked, head=str(report.head))
    counts = {"checked": report.checked, "sealed": report.sealed, "unsealed": report.unsealed_tail}
    return counts | {"head": str(report.head), "more": report.sealed == _VERIFY_CHUNK}


def reopen_ignored(context: Context, _slot_at: datetime) -> Mapping[str, Any]:
    """Open ignored events whose type has a handler in this version (INBOX-7)."""
    opened = 0
    with context.engine.begin() as connection:
        for source, event_type in connection.exec_driver_sql(_IGNORED_TYPES).all():
            if source in ROUTES and route(source, event_type) is not None:
                bound = {
                    "source": source,
                    "event_type": event_type,
                    "limit": _REOPEN_CHUNK,
                    "queue": queue_of(source, event_type),
                    "now": context.clock.now(),
                }
                opened += connection.exec_driver_sql(_REOPEN, bound).rowcount
    return {"opened": opened}


def make_payload_months(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """Make the payload partitions of this month and the next ones."""
    made, in_default = [], []
    with _maintenance(context) as connection:
        for ahead in range(_MONTHS_AHEAD + 1):
            month = _month(slot_at, ahead)
            try:
                with connection.transaction():
                    made.append(connection.execute("SELECT bursar.ensure_payload_month(%s)", [month.date()]).fetchone())
            except psycopg.errors.CheckViolation:
                # Rows of that month are in the default partition already and stay readable there; later months must not wait.
                log.error("payload_month_in_default", month=f"{month:%Y-%m}", effect="its payloads are kept for ever")
                in_default.append(f"{month:%Y-%m}")
    return {"months": [row[0] for row in made if row], "in_default": in_default}


def retention(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """Drop payload months that are past their age (CLEAN-4). Digests and rows stay; payloads of rows that are not final are kept."""
    horizon = slot_at - timedelta(days=context.settings.payload_retention_days)
    dropped: dict[str, int] = {}
    busy: list[str] = []
    with _maintenance(context) as connection:
        connection.autocommit = True  # a month is a transaction of its own: the receiver waits for one, never for all
        months = connection.execute(
            "SELECT right(relname, 7) FROM pg_class WHERE relname ~ '^inbox_payload_[0-9]{4}_[0-9]{2}$' "
            "AND relnamespace = 'bursar'::regnamespace ORDER BY 1"
        ).fetchall()
        for (name,) in months:
            first = datetime(int(name[:4]), int(name[5:]), 1, tzinfo=slot_at.tzinfo)
            if _month_after(first) <= horizon:
                try:
                    kept = connection.execute("SELECT bursar.drop_payload_month(%s)", [first.date()]).fetchone()
                except psycopg.errors.LockNotAvailable:
                    busy.append(name)  # deliveries go first; the next day's run tries again
                else:
                    dropped[name] = kept[0] if kept else 0
        slots = connection.execute(
            "DELETE FROM bursar.schedule_slot WHERE state IN ('done', 'skipped') AND slot_at < %s",
            [slot_at - timedelta(days=_KEEP_SLOTS_DAYS)],
        ).rowcount
        # Twice the age at which the door refuses a transmission: its id can never be used again.
        transmissions = connection.execute(
            "DELETE FROM bursar.transmission WHERE received_at < %s",
            [slot_at - timedelta(seconds=2 * context.settings.paypal_max_age_s)],
        ).rowcount
    log.info("retention", months=dropped, busy=busy, slots=slots, transmissions=transmissions)
    return {
        "months_dropped_and_payloads_kept": dropped,
        "months_busy": busy,
        "slots_dropped": slots,
        "transmissions_dropped": transmissions,
    }


def _maintenance(context: Context) -> psycopg.Connection:
    return connect(
        context.settings.database_url.get_secret_value(), "bursar_maintenance", application="bursar-maintenance"
    )


def _driver(connection: Connection) -> psycopg.Connection:
    driver: psycopg.Connection | None = connection.connection.driver_connection
    if driver is None:
        raise RuntimeError("the connection has no driver connection")
    return driver


def _month(at: datetime, ahead: int) -> datetime:
    months = at.year * 12 + at.month - 1 + ahead
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=at.tzinfo)


def _month_after(first: datetime) -> datetime:
    return _month(first, 1)
