"""The outbox runner: a call is settled once, tried again on the ladder, and waits without counting while a setting is missing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.clock import FixedClock
from providers.errors import Final, NotConfigured, Retryable
from tests.factories.inbox import NOW
from tests.harness.cluster import Cluster, Database
from workers import outbox, routes
from workers.context import Context, make_context
from workers.hints import Hinter
from workers.routing import load
from workers.sweep import sweep

_INSERT = """INSERT INTO bursar.outbox (kind, key, queue, lane, payload, created_at, fair_at, next_at)
             VALUES ('stripe.probe', %s, 'payments', 'lane', '{}', %s, %s, %s) RETURNING id"""


def store_call(database: Database, key: str) -> int:
    """One outbox row of the kind that these tests perform."""
    with database.connect() as connection:
        row = connection.execute(_INSERT, [key, NOW, NOW, NOW]).fetchone()
        assert row is not None
        return int(row[0])


def call_row(database: Database, row_id: int) -> tuple[Any, ...]:
    """(state, attempts, error class)"""
    with database.connect() as connection:
        row = connection.execute("SELECT state, attempts, error_class FROM bursar.outbox WHERE id = %s", [row_id]).fetchone()
        assert row is not None
        return tuple(row)


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[Exception | Mapping[str, Any]]:
    """What the call will answer, one after the other."""
    told: list[Exception | Mapping[str, Any]] = []

    def probe(payload: Mapping[str, Any], *, key: str, settings: object) -> Mapping[str, Any]:
        answer = told.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(load("tasks.payments.stripe.calls"), "probe", probe, raising=False)
    monkeypatch.setitem(routes.CALLS, "stripe.probe", "payments")
    return told


def test_a_call_is_settled_once(context: Context, database: Database, answers: list[Any]) -> None:
    answers.append({"ok": True})
    row_id = store_call(database, "k1")
    assert outbox.work(context, "payments", [row_id]).done == 1
    assert outbox.work(context, "payments", [row_id]).done == 0
    assert call_row(database, row_id) == ("done", 0, None)


def test_what_is_refused_for_good_is_dead_at_once(context: Context, database: Database, answers: list[Any]) -> None:
    answers.append(Final("no such object"))
    row_id = store_call(database, "k1")
    outbox.drain(context, "payments")
    assert call_row(database, row_id) == ("dead", 1, "Final")


def test_a_failed_call_goes_down_the_ladder(context: Context, database: Database, clock: FixedClock, answers: list[Any]) -> None:
    hinter = Hinter(context.settings.broker_url.get_secret_value())
    answers += [Retryable("busy")] * 6
    row_id = store_call(database, "k1")
    for attempt in range(1, 7):
        outbox.drain(context, "payments")
        assert call_row(database, row_id) == ("dead" if attempt == 6 else "waiting", attempt, "Retryable")
        clock.move_to(clock.now() + timedelta(hours=8))
        sweep(context, hinter)
    hinter.close()


def test_a_missing_setting_uses_up_no_try(context: Context, database: Database, clock: FixedClock, answers: list[Any]) -> None:
    hinter = Hinter(context.settings.broker_url.get_secret_value())
    answers += [*[NotConfigured("BURSAR_X is not set")] * 20, {"ok": True}]
    row_id = store_call(database, "k1")
    for _ in range(20):
        outbox.drain(context, "payments")
        assert call_row(database, row_id) == ("waiting", 0, "NotConfigured")
        clock.move_to(clock.now() + timedelta(minutes=10))
        sweep(context, hinter)
    outbox.drain(context, "payments")
    assert call_row(database, row_id) == ("done", 0, None)
    hinter.close()


def test_a_call_is_settled_though_the_database_was_away_just_then(
    own_cluster: Callable[..., Cluster], redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = own_cluster()
    database = cluster.database(redis_url, tmp_path)
    context = make_context(database.settings(), clock=FixedClock(NOW))
    calls: list[str] = []
    away = threading.Event()

    def probe(payload: Mapping[str, Any], *, key: str, settings: object) -> Mapping[str, Any]:
        calls.append(key)
        cluster.kill()
        away.set()
        return {"made": True}

    monkeypatch.setattr(load("tasks.payments.stripe.calls"), "probe", probe, raising=False)
    monkeypatch.setitem(routes.CALLS, "stripe.probe", "payments")
    row_id = store_call(database, "k1")
    worker = threading.Thread(target=outbox.work, args=(context, "payments", [row_id]))
    worker.start()
    assert away.wait(20)
    cluster.start()
    worker.join(30)
    assert calls == ["k1"], "the call was made once"
    assert call_row(database, row_id)[0] == "done"
    context.engine.dispose()
