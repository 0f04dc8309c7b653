"""The commands' door while PostgreSQL is away, hangs or waits, while Redis hangs, and when the receiver is told to go."""

from __future__ import annotations

import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.settings import Settings
from tests.harness.broker import Broker
from tests.harness.cluster import Cluster, Database
from tests.harness.processes import Processes
from tests.harness.waiting import wait_until
from tests.webhooks_ingest.commanding import KNOW, NAME, ask, command, post, told
from tests.webhooks_ingest.door import Door, Reply, encoded, open_door, rows, stripe_event
from tests.webhooks_ingest.test_outages import hanging, in_time

DEFAULT_S = Settings.model_fields["store_timeout_s"].default


def _open(processes: Processes, database: Database, **overrides: float) -> Door:
    with database.connect() as connection:
        connection.execute(KNOW, [NAME])
    door = open_door(processes, database, **overrides)
    wait_until(lambda: ask(door, "/commands/none").status == 404, what="the commands' own connection")
    return door


def _refused(reply: Reply) -> bool:
    """Whether the app is told to come again."""
    return reply.status == 503 and reply.headers["retry-after"] == "5" and told(reply)["code"] == "unavailable"


@pytest.mark.requirement("INBOX-1")
def test_without_postgresql_apps_are_told_to_come_again(
    own_cluster: Callable[..., Cluster], processes: Processes, redis_url: str, tmp_path: Path
) -> None:
    cluster = own_cluster(fsync=False)
    door = _open(processes, cluster.database(redis_url, tmp_path), store_timeout_s=DEFAULT_S)
    assert post(door, command("k0")).status == 202
    cluster.stop()
    assert all(map(_refused, in_time(3, lambda: [post(door, command()), ask(door, "/commands/k0")])))
    cluster.start()
    wait_until(lambda: post(door, command()).status in (200, 202), what="2xx without a restart")
    with hanging(cluster), ThreadPoolExecutor(4) as pool:
        bodies = [command(f"k{number}") for number in (2, 3, 4, 5)]
        replies = in_time(3, lambda: list(pool.map(lambda body: post(door, body), bodies)))
        assert all(map(_refused, replies)), replies
    wait_until(lambda: post(door, command("k2")).status in (200, 202), what="2xx after the hang")
    with door.database.connect() as connection:
        assert {row["event_id"] for row in rows(connection)} >= {"k0", "k1", "k2"}


@pytest.mark.requirement("INBOX-1", "INBOX-15")
def test_a_hanging_redis_costs_nobody_anything(database: Database, own_broker: Broker, processes: Processes) -> None:
    door = _open(processes, Database(database.url, own_broker.url, database.home))
    own_broker.server.process.send_signal(signal.SIGSTOP)
    try:
        replies = in_time(1, lambda: [post(door, command(f"k{number}")) for number in range(10)])
    finally:
        own_broker.server.process.send_signal(signal.SIGCONT)
    assert {reply.status for reply in replies} <= {200, 202}
    own_broker.kill()
    assert [post(door, command(f"k{number}")).status for number in range(10, 20)] == [202] * 10
    with database.connect() as connection:
        assert [row["state"] for row in rows(connection)] == ["received"] * 20


@pytest.mark.requirement("INBOX-2")
def test_who_waits_for_an_open_transaction_holds_up_no_other_and_no_provider(
    database: Database, processes: Processes
) -> None:
    """The app has submitted a key in its own transaction and not committed: the same key by HTTP has to wait for that."""
    door = _open(processes, database, store_timeout_s=DEFAULT_S)
    with database.connect(autocommit=False) as app:
        app.execute("SELECT bursar_api.submit(%s, %s, 'k1')", [NAME, '{"text": "hello"}'])
        with ThreadPoolExecutor(9) as pool:
            first = pool.submit(post, door, command())
            others = [pool.submit(post, door, command(f"other{number}")) for number in range(4)]
            assert door.stripe(encoded(stripe_event())).status == 200
            assert _refused(first.result())
            assert {other.result().status for other in others} == {202}
        assert post(door, command("after")).status == 202
        app.commit()
    assert [post(door, command()).status, post(door, command(text="x")).status] == [200, 409]


@pytest.mark.requirement("INBOX-1")
def test_a_full_line_is_refused_at_once(database: Database, processes: Processes) -> None:
    door = _open(processes, database, store_queue_size=2)
    with database.connect(autocommit=False) as blocker, ThreadPoolExecutor(10) as pool:
        blocker.execute("LOCK TABLE bursar.command_kind IN ACCESS EXCLUSIVE MODE")
        first = pool.submit(post, door, command("first"))
        with database.connect() as watcher:
            wait_until(lambda: _accepting(watcher), what="the first one to wait for the lock")
        replies = list(pool.map(lambda number: post(door, command(f"k{number}")), range(9)))
        assert sum(map(_refused, replies)) >= 7, "two find a place"
        assert min(reply.took_s for reply in replies) < 1
        assert door.stripe(encoded(stripe_event())).status == 200, "the providers' line is another one"
        blocker.rollback()
        assert first.result().status in (202, 503)
    wait_until(lambda: post(door, command("later")).status in (200, 202), what="2xx again")


@pytest.mark.requirement("INBOX-1")
def test_sigterm_finishes_what_was_begun(database: Database, processes: Processes) -> None:
    door = _open(processes, database)
    with database.connect(autocommit=False) as blocker, ThreadPoolExecutor(1) as pool:
        blocker.execute("LOCK TABLE bursar.inbox IN EXCLUSIVE MODE")
        answer = pool.submit(post, door, command())
        with database.connect() as watcher:
            wait_until(lambda: _accepting(watcher), what="the command to wait for the lock")
        door.running.signal(signal.SIGTERM)
        door.running.wait_output("receiver_stopping")
        blocker.rollback()
        assert answer.result().status == 202
    assert door.running.wait() == 0
    with database.connect() as connection:
        assert len(rows(connection)) == 1


def _accepting(connection: object) -> bool:
    found = connection.execute(  # type: ignore[attr-defined]  # a psycopg connection
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND application_name = 'bursar-receiver-commands' AND state = 'active'"
    ).fetchone()
    return bool(found[0])
