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

from core.settings import QUEUES

BOUND = 20_000
"""Most rows that one count looks at."""
LAG_WINDOW = timedelta(minutes=5)
_LAG_ROWS = 2_000
_LAG_REACH = 100_000
_QUANTILES = (0.5, 0.95, 0.99)
_TABLES = ("inbox", "outbox")

_READY = {
    table: f"""
        SELECT count(*), extract(epoch FROM clock_timestamp() - min(ready_at))::float8 FROM (
            SELECT ready_at FROM bursar.{table} WHERE queue = %(queue)s AND state = 'received'
            ORDER BY fair_at, id LIMIT %(bound)s) AS first"""  # noqa: S608 - our own names
    for table in _TABLES
}
_OTHERS = {
    (table, state): f"""
        SELECT queue, count(*) FROM (SELECT queue FROM bursar.{table} WHERE state = '{state}' LIMIT %(bound)s) AS some
        GROUP BY queue"""  # noqa: S608 - our own names
    for table in _TABLES
    for state in ("processing", "waiting", "dead")
}
_LAG = """SELECT queue, percentile_cont(%(quantiles)s::float8[])
                        WITHIN GROUP (ORDER BY extract(epoch FROM done_at - received_at))
          FROM (SELECT queue, received_at, done_at FROM bursar.inbox
                WHERE state = 'done' AND id > (SELECT max(id) FROM bursar.inbox) - %(reach)s
                ORDER BY id DESC LIMIT %(rows)s) AS last
          WHERE done_at >= %(since)s GROUP BY queue"""
_HEARTBEATS = "SELECT name, extract(epoch FROM clock_timestamp() - beat_at)::float8 FROM bursar.heartbeat"
_CONFLICTS = (
    "SELECT source, count(*) FROM (SELECT source FROM bursar.inbox_conflict LIMIT %(bound)s) AS some GROUP BY source"
)
_UNSEALED = """SELECT count(*) FROM (SELECT 1 FROM bursar.audit
               WHERE id > coalesce((SELECT max(audit_id) FROM bursar.audit_seal), 0) LIMIT %(bound)s) AS tail"""
_SLOTS = """SELECT state, count(*), extract(epoch FROM clock_timestamp() - min(ready_at))::float8
            FROM bursar.schedule_slot WHERE state IN ('due', 'running') GROUP BY state"""

Families = Iterator[GaugeMetricFamily]


def tables(connection: Connection, now: datetime) -> Families:
    """All families that come from PostgreSQL; `now` is the business's."""
    yield from _backlog(connection)
    yield from _lag(connection, now)
    yield from _health(connection)


def _backlog(connection: Connection) -> Families:
    rows = GaugeMetricFamily(
        "bursar_rows",
        f"Rows of inbox and outbox that are not final, and dead ones. At most {BOUND}: see bursar_rows_bounded.",
        labels=["table", "queue", "state"],
    )
    oldest = GaugeMetricFamily(
        "bursar_oldest_ready_seconds",
        "For how long the oldest row that could be claimed has been waiting for a worker; 0 when none waits.",
        labels=["table", "queue"],
    )
    bounded = GaugeMetricFamily(
        "bursar_rows_bounded",
        "1 when a count of bursar_rows stopped at its bound: there are at least as many.",
        labels=["table", "state"],
    )
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
    lag = GaugeMetricFamily(
        "bursar_lag_seconds",
        f"From the 2xx to `done`: quantiles of the events done in the last {LAG_WINDOW.seconds // 60} minutes, of the "
        f"newest {_LAG_ROWS}. Absent for a queue that did none.",
        labels=["queue", "quantile"],
    )
    bound = {"quantiles": list(_QUANTILES), "reach": _LAG_REACH, "rows": _LAG_ROWS, "since": now - LAG_WINDOW}
    for queue, values in connection.exec_driver_sql(_LAG, bound):
        for quantile, value in zip(_QUANTILES, values, strict=True):
            lag.add_metric([queue, str(quantile)], value)
    yield lag


def _health(connection: Connection) -> Families:
    beats = GaugeMetricFamily(
        "bursar_heartbeat_age_seconds",
        "Since a path was last proven: a queue's name by a message that went through it, `beat` by its own tick.",
        labels=["name"],
    )
    for name, age_s in connection.exec_driver_sql(_HEARTBEATS):
        beats.add_metric([name], age_s)
    conflicts = GaugeMetricFamily(
        "bursar_conflicts",
        f"Bodies that came under the id of another body; kept, never processed. At most {BOUND}.",
        labels=["source"],
    )
    for source, rows in connection.exec_driver_sql(_CONFLICTS, {"bound": BOUND}):
        conflicts.add_metric([source], rows)
    unsealed = connection.exec_driver_sql(_UNSEALED, {"bound": BOUND}).scalar() or 0
    slots = GaugeMetricFamily("bursar_slots", "Slots of scheduled runs that are `due` or `running`.", labels=["state"])
    late = GaugeMetricFamily(
        "bursar_oldest_slot_seconds", "For how long the oldest `due` slot has been ready; 0 when none is due."
    )
    open_slots = {row[0]: (row[1], row[2]) for row in connection.exec_driver_sql(_SLOTS)}
    for state in ("due", "running"):
        slots.add_metric([state], open_slots.get(state, (0, 0))[0])
    late.add_metric([], open_slots.get("due", (0, 0))[1])
    yield from (
        beats,
        conflicts,
        slots,
        late,
        GaugeMetricFamily(
            "bursar_audit_unsealed",
            f"Audit rows younger than the last sealed one; at most {BOUND}. Grows while nobody seals.",
            value=unsealed,
        ),
    )
