"""What the tables say of the machine, for Prometheus. Every count stops at a bound, so that a look at a backlog of
millions costs no more than one at thousands; a gauge of its own says when it did.

The statements use the partial indexes that claims and sweeps use. Ages are by the database's clock, lags by the
business's.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from prometheus_client.core import GaugeMetricFamily
from sqlalchemy import Connection

from billing.rules.states_efactura import OPEN
from core.settings import QUEUES
from workers.observe.catalogue import BOUND, LAG_ROWS, LAG_WINDOW_S, MAIL_WINDOW_H, gauge

_LAG_REACH = 100_000
_QUANTILES = (0.5, 0.95, 0.99)
_TABLES = ("inbox", "outbox")

_FREE = {"inbox": "id NOT IN (SELECT unnest(ids) FROM bursar.inbox_claim)", "outbox": "true"}
_READY = {
    table: f"""
        SELECT count(*), extract(epoch FROM clock_timestamp() - min(ready_at))::float8 FROM (
            SELECT ready_at FROM bursar.{table} WHERE queue = %(queue)s AND state = 'received' AND {_FREE[table]}
            ORDER BY fair_at, id LIMIT %(bound)s) AS first"""  # noqa: S608 - our own names
    for table in _TABLES
}
_OTHERS = {
    (table, state): f"""
        SELECT queue, count(*) FROM (SELECT queue FROM bursar.{table} WHERE state = '{state}' LIMIT %(bound)s) AS counted
        GROUP BY queue"""  # noqa: S608 - our own names
    for table in _TABLES
    for state in ("processing", "waiting", "dead")
} | {
    # Of the inbox these are the rows that stand in a claim; their stored state is `received` until they are done.
    ("inbox", "processing"): "SELECT queue, least(sum(cardinality(ids)), %(bound)s)::bigint FROM bursar.inbox_claim GROUP BY queue"
}
_LAG = """SELECT queue, percentile_cont(%(quantiles)s::float8[])
                        WITHIN GROUP (ORDER BY extract(epoch FROM done_at - received_at))
          FROM (SELECT queue, received_at, done_at FROM bursar.inbox
                WHERE state = 'done' AND id > (SELECT max(id) FROM bursar.inbox) - %(reach)s
                ORDER BY id DESC LIMIT %(rows)s) AS last
          WHERE done_at >= %(since)s GROUP BY queue"""
_HEARTBEATS = "SELECT name, extract(epoch FROM clock_timestamp() - beat_at)::float8 FROM bursar.heartbeat"
_CONFLICTS = (
    "SELECT source, count(*) FROM (SELECT source FROM bursar.inbox_conflict LIMIT %(bound)s) AS counted GROUP BY source"
)
_UNSEALED = """SELECT count(*) FROM (SELECT 1 FROM bursar.audit
               WHERE id > coalesce((SELECT max(audit_id) FROM bursar.audit_seal), 0) LIMIT %(bound)s) AS tail"""
_SLOTS = """SELECT state, count(*), extract(epoch FROM clock_timestamp() - min(ready_at))::float8
            FROM bursar.schedule_slot WHERE state IN ('due', 'running') GROUP BY state"""

_SUBMISSIONS = """SELECT state, count(*), extract(epoch FROM %(now)s::timestamptz - min(reserved_at))::float8
                  FROM (SELECT state, reserved_at FROM bursar.submission WHERE state IN ('reserved', 'in_flight', 'submitted', 'unknown')
                        LIMIT %(bound)s) AS open GROUP BY state"""
_FAILURES = """SELECT job, count(*) FROM (SELECT job FROM bursar.run_failure ORDER BY job LIMIT %(bound)s) AS counted GROUP BY job"""
_GATES = "SELECT source, opens_at IS NOT NULL FROM bursar.provider_gate"

_EFACTURAS = """SELECT status, count(*) FROM (
                    SELECT status FROM bursar.efactura WHERE status <> 'accepted' LIMIT %(bound)s) AS counted GROUP BY status"""
# A row without a deadline is not written yet; the law's five working days are more, unless the invoice itself was issued too late.
_DEADLINE = """SELECT extract(epoch FROM min(coalesce(deadline_at, queued_at + interval '5 days')) - %(now)s::timestamptz)::float8
               FROM bursar.efactura WHERE status <> 'accepted'"""
_MAILS = """SELECT fate, count(*) FROM (
                SELECT fate FROM bursar.mail WHERE fate_at >= %(since)s ORDER BY fate_at DESC LIMIT %(bound)s) AS last GROUP BY fate"""

Families = Iterator[GaugeMetricFamily]


def tables(connection: Connection, now: datetime) -> Families:
    """All families that come from PostgreSQL; `now` is the business's."""
    yield from _backlog(connection)
    yield from _lag(connection, now)
    yield from _money(connection, now)
    yield from _papers(connection, now)
    yield from _health(connection)


def _backlog(connection: Connection) -> Families:
    rows, oldest = gauge("bursar_rows"), gauge("bursar_oldest_ready_seconds")
    bounded = gauge("bursar_rows_bounded")
    for table in _TABLES:
        ready = {
            queue: connection.exec_driver_sql(_READY[table], {"queue": queue, "bound": BOUND}).one() for queue in QUEUES
        }
        for queue, (waiting, age_s) in ready.items():
            rows.add_metric([table, queue, "received"], waiting)
            oldest.add_metric([table, queue], age_s or 0)
        bounded.add_metric([table, "received"], any(waiting >= BOUND for waiting, _ in ready.values()))
        for state in ("processing", "waiting", "dead"):
            found = {row[0]: row[1] for row in connection.exec_driver_sql(_OTHERS[table, state], {"bound": BOUND})}
            for queue in QUEUES:
                rows.add_metric([table, queue, state], found.get(queue, 0))
            bounded.add_metric([table, state], sum(found.values()) >= BOUND)
    yield from (rows, oldest, bounded)


def _lag(connection: Connection, now: datetime) -> Families:
    lag = gauge("bursar_lag_seconds")
    since = now - timedelta(seconds=LAG_WINDOW_S)
    bound = {"quantiles": list(_QUANTILES), "reach": _LAG_REACH, "rows": LAG_ROWS, "since": since}
    for queue, values in connection.exec_driver_sql(_LAG, bound):
        for quantile, value in zip(_QUANTILES, values, strict=True):
            lag.add_metric([queue, str(quantile)], value)
    yield lag


def _money(connection: Connection, now: datetime) -> Families:
    rows, oldest, shut = gauge("bursar_submissions"), gauge("bursar_oldest_submission_seconds"), gauge("bursar_provider_breaker_open")
    found = {row[0]: (row[1], row[2]) for row in connection.exec_driver_sql(_SUBMISSIONS, {"now": now, "bound": BOUND})}
    for state in ("reserved", "in_flight", "submitted", "unknown"):
        count, age_s = found.get(state, (0, 0.0))
        rows.add_metric([state], count)
        oldest.add_metric([state], max(0.0, age_s))
    gates = {row[0]: row[1] for row in connection.exec_driver_sql(_GATES)}
    for source in ("stripe", "paypal"):
        shut.add_metric([source], float(gates.get(source, False)))
    yield from (rows, oldest, shut)


def _papers(connection: Connection, now: datetime) -> Families:
    efacturas, nearest, mails = gauge("bursar_efacturas"), gauge("bursar_efactura_deadline_seconds"), gauge("bursar_mails")
    found = {row[0]: row[1] for row in connection.exec_driver_sql(_EFACTURAS, {"bound": BOUND})}
    for status in sorted(OPEN):
        efacturas.add_metric([status], found.get(status, 0))
    left_s = connection.exec_driver_sql(_DEADLINE, {"now": now}).scalar()
    if left_s is not None:
        nearest.add_metric([], left_s)
    bound = {"since": now - timedelta(hours=MAIL_WINDOW_H), "bound": BOUND}
    for fate, count in connection.exec_driver_sql(_MAILS, bound):
        mails.add_metric([fate], count)
    yield from (efacturas, nearest, mails)


def _health(connection: Connection) -> Families:
    beats, conflicts, slots = gauge("bursar_heartbeat_age_seconds"), gauge("bursar_conflicts"), gauge("bursar_slots")
    for name, age_s in connection.exec_driver_sql(_HEARTBEATS):
        beats.add_metric([name], age_s)
    for source, rows in connection.exec_driver_sql(_CONFLICTS, {"bound": BOUND}):
        conflicts.add_metric([source], rows)
    failures = gauge("bursar_run_failures")
    for job, items in connection.exec_driver_sql(_FAILURES, {"bound": BOUND}):
        failures.add_metric([job], items)
    unsealed = connection.exec_driver_sql(_UNSEALED, {"bound": BOUND}).scalar() or 0
    open_slots = {row[0]: (row[1], row[2]) for row in connection.exec_driver_sql(_SLOTS)}
    for state in ("due", "running"):
        slots.add_metric([state], open_slots.get(state, (0, 0))[0])
    late_s = open_slots.get("due", (0, 0))[1]
    yield from (
        beats, conflicts, slots, failures, gauge("bursar_oldest_slot_seconds", late_s), gauge("bursar_audit_unsealed", unsealed),
    )
