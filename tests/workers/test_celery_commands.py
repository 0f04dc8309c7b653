"""The commands' Celery door with real workers: what is signed is stored before anything is done, what is not leaves no row."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from celery import Celery

from bursar_client import RawCommand
from bursar_client.commands import RefreshObject
from bursar_client.over_celery import CeleryBursar
from bursar_client.signing import message_signature
from tests.harness.cluster import Cluster, Database
from tests.harness.environment import APP, APP_SECRET
from tests.harness.processes import Processes, Running
from tests.harness.rabbit import Rabbit
from tests.harness.waiting import wait_until
from tests.webhooks_ingest.commanding import KNOW, NAME
from tests.webhooks_ingest.door import rows

UNKNOWN = "billing.test.of_tomorrow.v1"


@pytest.fixture
def celery(redis_url: str) -> Iterator[Celery]:
    """The app's own Celery app, which knows nothing of ours but the broker."""
    app = Celery("shop", broker=redis_url, set_as_current=False)
    app.conf.update(broker_transport_options={"socket_timeout": 5, "socket_connect_timeout": 5, "max_retries": 0})
    yield app
    app.close()


def note(text: str = "hello", name: str = NAME, **more: Any) -> RawCommand:
    """A command whose name the database knows and no worker."""
    return RawCommand(name, {"text": text, **more})


def way(celery: Celery, **options: Any) -> CeleryBursar:
    """The client's Celery way."""
    given: dict[str, Any] = {"app": APP, "secret": APP_SECRET}
    return CeleryBursar(celery, **(given | options))


def work(processes: Processes, database: Database, **overrides: Any) -> Running:
    """A worker of `maintenance` that is ready."""
    running = processes.bursar("worker", "maintenance", settings=database.settings(**overrides))
    running.wait_output("worker_ready")
    return running


def known(connection: psycopg.Connection[Any]) -> dict[str, str]:
    """Key -> state of the commands in the inbox."""
    return {row["event_id"]: row["state"] for row in rows(connection) if row["source"] == "app"}


@pytest.mark.requirement("INBOX-1", "INBOX-2")
def test_a_signed_message_becomes_a_row_once(celery: Celery, database: Database, processes: Processes) -> None:
    with database.connect() as connection:
        connection.execute(KNOW, [NAME])
        work(processes, database)
        for _ in range(3):
            assert way(celery).submit(note(), key="k1", lane="l1", actor="user:1").state == "sent"
        wait_until(lambda: "k1" in known(connection), what="the row")
        (row,) = rows(connection)
        assert (row["event_type"], row["lane"]) == (NAME, "app:l1")
        assert json.loads(row["body"]) == {"actor": "user:1", "lane": "l1", "name": NAME, "payload": {"text": "hello"}}
        assert f"celery:{APP}" in row["headers"]


@pytest.mark.rabbitmq
@pytest.mark.requirement("INBOX-1", "INBOX-15")
def test_rabbitmqs_quorum_queues_take_them_too(database: Database, processes: Processes, rabbit: Rabbit) -> None:
    """The client declares no queue: with arguments of its own, RabbitMQ would refuse the connection."""
    celery = Celery("shop", broker=rabbit.url, set_as_current=False)
    with database.connect() as connection:
        connection.execute(KNOW, [NAME])
        worker = work(processes, database, broker_url=rabbit.url)
        way(celery, secret="x" * 40).submit(note(), key="forged")
        way(celery).submit(note(name=UNKNOWN), key="unknown")
        way(celery).submit(note(), key="k1")
        wait_until(lambda: "k1" in known(connection), what="the row")
        wait_until(lambda: known(connection).get("unknown") == "dead", what="the unknown one")
        assert set(known(connection)) == {"k1", "unknown"}
    assert "command_refused" in worker.output()
    celery.close()


@pytest.mark.requirement("SEC-1")
def test_a_forged_message_leaves_a_count_a_line_and_no_row(
    celery: Celery, database: Database, processes: Processes
) -> None:
    body = '{"key":"k1","payload":{"text":"forged"}}'
    signature = message_signature(APP_SECRET, task=NAME, body=body)
    good = {"body": body, "app": APP, "signature": signature}
    wrong: list[tuple[str, dict[str, Any]]] = [
        (NAME, good | {"signature": "v1=" + "0" * 64}),
        (NAME, good | {"body": body.replace("forged", "other")}),
        (NAME, good | {"app": "blog"}),
        (NAME, good | {"signature": None}),
        (NAME, {"body": body}),
        (NAME, good | {"more": 1}),
        (NAME, {}),
        (UNKNOWN, good),
        ("billing.x", good),
        ("billing." + "\u00fc" * 300, good),
        ("tasks.unknown_command", good),
    ]
    with database.connect() as connection:
        connection.execute(KNOW, [NAME])
        worker = work(processes, database)
        for name, kwargs in wrong:
            celery.send_task(name, kwargs=kwargs, queue="maintenance", ignore_result=True)
        celery.send_task(NAME, args=["positional"], kwargs=good, queue="maintenance", ignore_result=True)
        way(celery).submit(note(), key="last")
        wait_until(lambda: "last" in known(connection), what="the good one behind them")
        assert set(known(connection)) == {"last"}
        assert connection.execute("SELECT count(*) FROM bursar.inbox_conflict").fetchone() == (0,)
    refused = worker.output().count('"command_refused"')
    assert refused == len(wrong) + 1
    assert "forged" not in worker.output()
    assert APP_SECRET not in worker.output()


@pytest.mark.requirement("INBOX-7")
def test_an_unknown_command_is_kept_dead_and_can_be_replayed(
    celery: Celery, database: Database, processes: Processes
) -> None:
    with database.connect() as connection:
        worker = work(processes, database)
        for text in ("hello", "hello", "other"):
            way(celery).submit(note(text, name=UNKNOWN, customer_ref="c1"), key="k1")
        worker.wait_output("command_conflict")
        (row,) = rows(connection)
        assert (row["event_type"], row["state"], row["queue"], row["lane"]) == (UNKNOWN, "dead", "maintenance", "app:c1")
        assert (row["error_class"], row["fingerprint"]) == ("UnknownCommandError", "task_unknown")
        assert row["error"].startswith("task_unknown: no command billing.test.of_tomorrow.v1 in this version")
        assert connection.execute("SELECT event_id FROM bursar.inbox_conflict").fetchall() == [("k1",)]
        assert worker.alive()
        # After an upgrade it is the same command for every door: its key, its bytes.
        connection.execute(KNOW, [UNKNOWN])
        told = connection.execute(
            "SELECT bursar_api.submit(%s, %s, 'k1')", [UNKNOWN, '{"customer_ref": "c1", "text": "hello"}']
        ).fetchone()
    assert told is not None
    assert (told[0]["new"], told[0]["state"]) == (False, "failed")
    listed = processes.bursar("inbox", "ls", "--state", "dead", settings=database.settings())
    assert listed.wait() == 0
    assert UNKNOWN in listed.output()


def test_messages_of_the_first_protocol_are_taken_too(redis_url: str, database: Database, processes: Processes) -> None:
    old = Celery("shop", broker=redis_url, set_as_current=False)
    old.conf.update(task_protocol=1)
    with database.connect() as connection:
        work(processes, database)
        way(old).submit(note(name=UNKNOWN), key="k1")
        way(old, secret="x" * 40).submit(note(name=UNKNOWN), key="k2")
        way(old).submit(RawCommand("billing.object.refresh.v1", {}, queue="maintenance"), key="k3")
        wait_until(lambda: set(known(connection)) == {"k1", "k3"}, what="the rows")
    old.close()


def test_other_unknown_messages_go_celerys_way(celery: Celery, database: Database, processes: Processes) -> None:
    worker = work(processes, database)
    celery.send_task("shop.send_newsletter", kwargs={"body": "x"}, queue="maintenance", ignore_result=True)
    worker.wait_output("Received unregistered task of type 'shop.send_newsletter'")
    with database.connect() as connection:
        assert rows(connection) == []
    assert worker.alive()


@pytest.mark.requirement("INBOX-2")
def test_another_body_under_a_known_key_is_refused_and_kept(
    celery: Celery, database: Database, processes: Processes
) -> None:
    with database.connect() as connection:
        connection.execute(KNOW, [NAME])
        worker = work(processes, database)
        way(celery).submit(note("first"), key="k1")
        wait_until(lambda: "k1" in known(connection), what="the first one")
        for _ in range(2):
            way(celery).submit(note("second"), key="k1")
        way(celery).submit(note("a\0b"), key="k2")
        worker.wait_output("command_conflict")
        worker.wait_output("command_invalid")
        (row,) = rows(connection)
        assert json.loads(row["body"])["payload"] == {"text": "first"}
        kept = connection.execute("SELECT event_id, convert_from(body, 'UTF8') FROM bursar.inbox_conflict").fetchall()
    assert [(key, json.loads(body)["payload"]) for key, body in kept] == [("k1", {"text": "second"})]


@pytest.mark.requirement("INBOX-15")
def test_while_the_database_is_away_the_message_comes_again(
    celery: Celery, own_cluster: Callable[..., Cluster], processes: Processes, redis_url: str, tmp_path: Path
) -> None:
    cluster = own_cluster(fsync=False)
    database = cluster.database(redis_url, tmp_path)
    with database.connect() as connection:
        connection.execute(KNOW, [NAME])
    worker = work(processes, database)
    cluster.stop()
    way(celery).submit(note(), key="k1")
    worker.wait_output("command_waits")
    refresh = RefreshObject(source="stripe", kind="customer", object_ref="cus_1")
    way(celery).submit(RawCommand(refresh.name, refresh.payload(), queue="maintenance"), key="k2")
    wait_until(lambda: worker.output().count("command_waits") > 3, what="tries of both")
    cluster.start()
    with database.connect() as connection:
        wait_until(lambda: set(known(connection)) == {"k1", "k2"}, what="the rows, by a later try")


@pytest.mark.requirement("INBOX-16")
def test_a_killed_process_and_a_killed_worker_lose_no_command(
    celery: Celery, database: Database, processes: Processes
) -> None:
    """The process that has the message dies: Celery brings it again. The whole worker dies: the app does, by the same key."""
    with database.connect() as connection, database.connect(autocommit=False) as blocker:
        connection.execute(KNOW, [NAME])
        worker = work(processes, database)
        blocker.execute("LOCK TABLE bursar.inbox IN EXCLUSIVE MODE")
        way(celery).submit(note(), key="k1")
        wait_until(lambda: _storing(connection), what="the insert to wait for the lock")
        for pid in map(int, Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split()):
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not _storing(connection), what="the killed process's insert to be given up")
        blocker.rollback()
        # With its handler done, too: the only process would else wait for the lock with that, as long as a task may take.
        wait_until(lambda: known(connection).get("k1") == "waiting", what="the row, by another process")

        blocker.execute("LOCK TABLE bursar.inbox IN EXCLUSIVE MODE")
        way(celery).submit(note(), key="k2")
        wait_until(lambda: _storing(connection), what="the insert to wait for the lock")
        worker.kill()
        blocker.rollback()
        work(processes, database)
        way(celery).submit(note(), key="k2")
        wait_until(lambda: "k2" in known(connection), what="the row, by the same key again")
        assert sorted(row["event_id"] for row in rows(connection)) == ["k1", "k2"]


@pytest.mark.requirement("SEC-3")
def test_what_a_command_says_is_not_shown_to_who_listens_to_the_broker(
    celery: Celery, database: Database, processes: Processes
) -> None:
    seen: list[str] = []
    ready = threading.Event()

    def listen() -> None:
        with celery.connection() as connection:
            receiver = celery.events.Receiver(connection, handlers={"*": lambda event: seen.append(str(event))})
            for _ in receiver.consume(limit=None, timeout=0.5, wakeup=False):
                ready.set()

    with database.connect() as connection:
        connection.execute(KNOW, [NAME])
        work(processes, database)
        thread = threading.Thread(target=_quietly(listen), daemon=True)
        thread.start()
        body = '{"key":"k1","payload":{"text":"canary"}}'
        signature = message_signature(APP_SECRET, task=NAME, body=body)
        kwargs = {"body": body, "app": APP, "signature": signature}

        def sent_and_seen() -> bool:
            celery.send_task(NAME, kwargs=kwargs, queue="maintenance", ignore_result=True)
            return any(NAME in event for event in seen)

        wait_until(sent_and_seen, what="events of the command", interval_s=0.3)
        wait_until(lambda: "k1" in known(connection), what="the row")
    assert not any("canary" in event for event in seen)


def _quietly(listen: Callable[[], None]) -> Callable[[], None]:
    """Listen again after each time-out of the socket, until the test is over."""

    def run() -> None:
        while True:
            try:
                listen()
            except TimeoutError:
                continue
            except Exception:  # noqa: BLE001 - the broker went: the test is over
                return

    return run


def _storing(connection: psycopg.Connection[Any]) -> bool:
    found = connection.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' "
        "AND query LIKE %s", ["%accept_command%"]
    ).fetchone()
    return bool(found and found[0])
