"""Whose fault a lost worker or connection is: nobody else's row is called a suspect, and an error's text never stops its settling."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from sqlalchemy.exc import DBAPIError

from tests.factories.inbox import inbox_row, store_event
from tests.harness.cluster import Database
from tests.harness.probe import probe
from tests.harness.processes import Processes
from tests.harness.waiting import wait_until
from workers import inbox
from workers.context import Context
from workers.failures import describe
from workers.routing import preload

_IN_THE_HANDLER = (
    "FROM pg_stat_activity WHERE application_name = 'bursar-worker' AND datname = current_database() "
    "AND state = 'idle in transaction' AND state_change < clock_timestamp() - interval '0.2 s' AND query LIKE '%customer%'"
)


@pytest.fixture
def soft_limit(context: Context) -> Iterator[None]:
    """Half a second, told as Celery tells it."""

    def tell(*_: object) -> None:
        raise SoftTimeLimitExceeded

    preload()
    before = signal.signal(signal.SIGALRM, tell)
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.requirement("INBOX-15")
@pytest.mark.usefixtures("soft_limit")
def test_a_suspect_that_takes_its_worker_along_takes_no_batch_with_it(context: Context, database: Database) -> None:
    with database.connect() as connection:
        suspect = store_event(connection, probe("cus_slow", "slow", "30"))
        connection.execute("UPDATE bursar.inbox SET crashes = 1")
        innocent = [store_event(connection, probe(f"cus_{n}")) for n in range(3)]
        with pytest.raises(SoftTimeLimitExceeded):
            inbox.drain(context, "payments")
        assert inbox_row(connection, suspect)["solo_crashes"] == 1
        found = [inbox_row(connection, row_id) for row_id in innocent]
    assert {(row["state"], row["crashes"]) for row in found} <= {("received", 0), ("done", 0)}


@pytest.mark.requirement("INBOX-15")
@pytest.mark.usefixtures("soft_limit")
def test_a_time_limit_in_the_middle_of_a_statement_ends_the_batch(context: Context, database: Database) -> None:
    with database.connect() as connection:
        ids = [store_event(connection, probe(f"cus_{n}")) for n in range(3)]
        with database.connect(autocommit=False) as other:
            other.execute("LOCK TABLE bursar.customer IN ACCESS EXCLUSIVE MODE")
            with pytest.raises(SoftTimeLimitExceeded):
                inbox.work(context, "payments", ids)
        found = [inbox_row(connection, row_id) for row_id in ids]
        assert {(row["state"], row["crashes"], row["attempts"]) for row in found} == {("received", 1, 0)}
        assert [inbox.work(context, "payments", [row_id]).done for row_id in ids] == [1, 1, 1]


@pytest.mark.requirement("INBOX-15")
@pytest.mark.parametrize("rows", [1, 3])
def test_a_database_that_is_shut_down_makes_no_row_a_suspect(context: Context, database: Database, rows: int) -> None:
    with database.connect() as connection:
        ids = [store_event(connection, probe(f"cus_{n}", "slow", "1.2")) for n in range(rows)]

        def shut_down() -> None:
            with database.connect() as admin:
                # Found and ended by one statement: between two, the worker might have gone on to its next one.
                end = f"SELECT pg_terminate_backend(pid) {_IN_THE_HANDLER}"
                wait_until(lambda: admin.execute(end).fetchone() is not None, what="the handler")

        thread = threading.Thread(target=shut_down)
        thread.start()
        with pytest.raises(DBAPIError):
            inbox.work(context, "payments", ids)
        thread.join()
        found = [inbox_row(connection, row_id) for row_id in ids]
        assert {(row["state"], row["crashes"], row["attempts"]) for row in found} == {("received", 0, 0)}
        assert inbox.work(context, "payments", ids).done == rows


def test_mapped_classes_are_finished_before_any_time_limit_runs(processes: Processes) -> None:
    script = """
import models.aggregates
from models.base import Base
from workers.routing import preload
preload()
print(all(mapper.configured for mapper in Base.registry.mappers))"""
    running = processes.python("-c", script)
    assert running.wait(90) == 0, running.output()
    assert running.output().strip() == "True"


def test_an_error_that_no_database_can_store_is_stored() -> None:
    assert describe(ValueError("bad name \ud800\x00"), "probe thing").error.encode()
