"""The test ground itself: databases are fresh and migrated, clusters come back after a kill, settings travel."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from models import versions
from tests.harness.cluster import Cluster, Database
from tests.harness.processes import ROOT, Processes
from tests.harness.selection import SERVER_MATTERS
from tests.harness.waiting import wait_until

_PRINT = "import core.settings as s; x = s.load(); print(x.database_url.get_secret_value(), x.retry_ladder_s, 'end')"


@pytest.mark.parametrize("number", range(3))
def test_each_database_is_fresh_and_migrated(database: Database, number: int) -> None:
    with database.connect() as connection:
        connection.execute("INSERT INTO bursar.heartbeat VALUES ('one', '2026-01-01T00:00Z')")
        assert connection.execute("SELECT count(*) FROM bursar.heartbeat").fetchone() == (1,)
    assert versions.current(database.url) == versions.head()


def test_settings_reach_a_process(database: Database, processes: Processes) -> None:
    settings = database.settings(retry_ladder_s=[1, 2])
    running = processes.python("-c", _PRINT, settings=settings)
    assert running.wait() == 0
    assert running.output().split("\n")[0] == f"{database.url} [1.0, 2.0] end"


def test_every_setting_of_a_database_can_be_another(database: Database) -> None:
    settings = database.settings(database_url="postgresql://elsewhere/db", broker_url="redis://elsewhere")
    assert settings.database_url.get_secret_value() == "postgresql://elsewhere/db"
    assert settings.broker_url.get_secret_value() == "redis://elsewhere"


def test_a_process_that_the_test_forgot_is_killed(tmp_path: Path) -> None:
    started = Processes(tmp_path)
    running = started.start([sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"])
    running.wait_output("up")
    started.close()
    assert not running.alive()


def test_a_killed_cluster_keeps_what_was_committed(
    own_cluster: Callable[..., Cluster], redis_url: str, tmp_path: Path
) -> None:
    cluster = own_cluster()
    database = cluster.database(redis_url, tmp_path)
    with database.connect() as connection:
        connection.execute("INSERT INTO bursar.heartbeat VALUES ('kept', '2026-01-01T00:00Z')")
        cluster.kill()
        # A backend may answer once more before it notices that its postmaster is gone.
        wait_until(lambda: not _answers(connection), what="the session to end")
    cluster.start()
    with database.connect() as connection:
        assert connection.execute("SELECT name FROM bursar.heartbeat").fetchall() == [("kept",)]


def _answers(connection: psycopg.Connection[Any]) -> bool:
    try:
        connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True


def test_the_tests_that_depend_on_the_server_are_there(request: pytest.FixtureRequest) -> None:
    assert [place for place in SERVER_MATTERS if not (ROOT / place).exists()] == []
    # This file is one of them.
    assert request.node.get_closest_marker("postgresql")
