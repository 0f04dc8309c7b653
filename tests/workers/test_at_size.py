"""What runs each second or minute looks at few rows, however many there are; a backlog makes no storm of hints (INBOX-15)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import psycopg
import pytest
import redis
from sqlalchemy import Connection, event

from schedules.slots import tick
from tasks.maintenance import runs as maintenance
from tasks.notifications import runs as notifications
from tests.factories.inbox import NOW, states
from tests.harness.cluster import Database
from tests.harness.waiting import wait_until
from workers import outbox, routes
from workers.batch import _READ
from workers.context import Context, make_context
from workers.hints import Hinter
from workers.inbox_claims import _CRASHED_IN_HAND, _DONE, _FAILED
from workers.observe.tables import tables
from workers.routing import load
from workers.sweep import sweep

_ROWS = 6_000
_FEW = 700
_CROWD = """
    INSERT INTO bursar.inbox (source, event_id, event_type, lane, queue, state, ignored_reason, sha256, received_at, fair_at,
                              next_at, done_at, error, error_class, fingerprint, ready_at)
    SELECT 'stripe', 'evt_' || n, 'invoice.paid', 'l' || n, 'payments', state, CASE state WHEN 'ignored' THEN 'nothing' END,
           sha256(int8send(n)), %(now)s, %(now)s, %(now)s, CASE state WHEN 'done' THEN %(now)s::timestamptz END,
           CASE state WHEN 'dead' THEN 'x' END, CASE state WHEN 'dead' THEN 'ValueError' END,
           CASE state WHEN 'dead' THEN 'cause ' || n %% 3 END, clock_timestamp() - interval '1 minute'
    FROM generate_series(1, %(rows)s) AS n, LATERAL (SELECT %(state)s::text) AS shape (state)"""

_CALLS = """
    INSERT INTO bursar.outbox (kind, key, queue, lane, payload, state, created_at, fair_at, next_at, done_at)
    SELECT 'stripe.probe', %(state)s || n, 'payments', 'lane', '{}', %(state)s, %(now)s, %(now)s, %(now)s,
           CASE %(state)s WHEN 'done' THEN %(now)s::timestamptz END FROM generate_series(1, %(rows)s) AS n"""


def _crowd(connection: psycopg.Connection[Any], **rows: int) -> None:
    for state, count in rows.items():
        connection.execute(_CROWD.replace("'evt_'", f"'{state}_'").encode(), {"now": NOW, "rows": count, "state": state})
    connection.execute("ANALYZE bursar.inbox")


@pytest.fixture
def hinter(context: Context) -> Iterator[Hinter]:
    """A real one."""
    made = Hinter(context.settings.broker_url.get_secret_value())
    yield made
    made.close()


@contextmanager
def _looked_at(context: Context) -> Iterator[Callable[[], int]]:
    """How many rows of inbox, outbox, audit and seals the context's transactions have read."""
    counted, before = 0, 0

    def read(connection: Connection) -> int:
        found = connection.exec_driver_sql(
            "SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::bigint FROM pg_stat_xact_user_tables "
            "WHERE relname IN ('inbox', 'outbox', 'audit', 'audit_seal')"
        )
        return int(found.scalar() or 0)

    def began(connection: Connection) -> None:
        nonlocal before
        before = read(connection)

    def ends(connection: Connection) -> None:
        nonlocal counted
        counted += read(connection) - before

    event.listen(context.engine, "begin", began)
    event.listen(context.engine, "commit", ends)
    yield lambda: counted
    event.remove(context.engine, "begin", began)
    event.remove(context.engine, "commit", ends)


@pytest.mark.requirement("INBOX-15")
def test_what_runs_each_second_or_minute_reads_no_share_of_the_table(
    context: Context, database: Database, hinter: Hinter
) -> None:
    with database.connect() as connection:
        _crowd(connection, done=_ROWS, ignored=_ROWS // 2, dead=_ROWS // 2)
    steps: dict[str, Callable[[], object]] = {
        "sweep": lambda: sweep(context, hinter),
        "tick": lambda: tick(context, hinter),
        "alert_dead_letters": lambda: notifications.alert_dead_letters(context, NOW),
        "seal_audit": lambda: maintenance.seal_audit(context, NOW),
    }
    read = {}
    for name, step in steps.items():
        with _looked_at(context) as looked_at:
            step()
            read[name] = looked_at()
    assert {name: rows for name, rows in read.items() if rows > _FEW} == {}


def test_a_cause_is_counted_when_it_is_told_and_not_each_minute(context: Context, database: Database) -> None:
    told = make_context(database.settings(operator_emails="ops@example.com"), clock=context.clock)
    with database.connect() as connection:
        _crowd(connection, done=_ROWS, dead=_ROWS // 2)
    assert notifications.alert_dead_letters(told, NOW) == {"groups": 3, "mails": 3}
    with _looked_at(told) as looked_at:
        assert notifications.alert_dead_letters(told, NOW + timedelta(minutes=1)) == {"groups": 3, "mails": 0}
        assert looked_at() < _FEW
    told.engine.dispose()


def test_a_call_is_claimed_and_settled_beside_thousands_that_wait_or_were_made(
    context: Context, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load("tasks.payments.stripe.calls"), "probe", lambda *_, **__: {}, raising=False)
    monkeypatch.setitem(routes.CALLS, "stripe.probe", "payments")
    with database.connect() as connection:
        for state in ("done", "received"):
            connection.execute(_CALLS, {"now": NOW, "rows": _ROWS, "state": state})
        connection.execute("ANALYZE bursar.outbox")
    event.listen(context.engine, "before_cursor_execute", lambda *_: None)  # so that a statement by itself is heard to begin and end
    with _looked_at(context) as looked_at:
        assert outbox.drain(context, "payments", 0).more
        assert 0 < looked_at() < _FEW


@pytest.mark.parametrize("statement", [_READ, _DONE, _FAILED, _CRASHED_IN_HAND])
def test_a_plan_from_a_quiet_hour_looks_for_claimed_rows_by_their_ids(database: Database, statement: str) -> None:
    """The index of what waits is small then, and seems to be the cheapest; once there is a backlog, each batch would read it."""
    names = list(dict.fromkeys(re.findall(r"%\((\w+)\)s", statement)))
    for number, name in enumerate(names, 1):
        statement = statement.replace(f"%({name})s", f"${number}")
    with database.connect() as connection, connection.transaction():
        connection.execute("SET LOCAL enable_seqscan = off")
        connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        connection.execute(f"PREPARE quiet AS {statement}".encode())
        nothing = ", ".join(["NULL"] * len(names))
        plan = "\n".join(line for (line,) in connection.execute(f"EXPLAIN EXECUTE quiet ({nothing})".encode()))
    assert "inbox_pkey" in plan, plan
    assert "inbox_claim_idx" not in plan


@pytest.mark.requirement("INBOX-15")
def test_a_backlog_makes_no_storm_of_hints(context: Context, database: Database, hinter: Hinter) -> None:
    most = 2 * context.settings.workers_per_queue
    with database.connect() as connection, redis.Redis.from_url(database.broker_url) as broker:
        _crowd(connection, received=_ROWS)
        with _looked_at(context) as looked_at:
            assert sweep(context, hinter).late == {"payments": 50 * most}
            assert looked_at() < _FEW
        wait_until(lambda: broker.llen("payments") == most, what="the drain hints")
        for _ in range(20):
            sweep(context, hinter)
        hinter.close()
        assert broker.llen("payments") == most
        assert states(connection) == {"received": _ROWS}


def test_rows_whose_wait_is_over_come_back_faster_than_workers_work(
    context: Context, database: Database, hinter: Hinter
) -> None:
    with database.connect() as connection:
        _crowd(connection, waiting=_ROWS)
        assert sweep(context, hinter).promoted == 5_000
        assert sweep(context, hinter).promoted == _ROWS - 5_000


def test_a_scrape_of_the_metrics_is_bounded(context: Context, database: Database) -> None:
    with database.connect() as connection:
        _crowd(connection, done=_ROWS)
    with _looked_at(context) as looked_at:
        with context.engine.begin() as connection_:
            assert list(tables(connection_, NOW))
        assert looked_at() < 2_000 + _FEW
