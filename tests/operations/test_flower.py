"""Flower is useful: names, ids, counts, failures and workers, read through its own API; and it is safe."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from cli.flower import login
from core.settings import Settings
from tests.factories.inbox import store_event
from tests.harness.broker import AnyBroker
from tests.harness.cluster import Database
from tests.harness.probe import probe
from tests.harness.processes import Processes, Running
from tests.harness.waiting import wait_until
from tests.operations.flower_api import FlowerApi
from workers.hints import Hinter

LABEL = "payments.probe.thing.happened"
CANARY = "jane.canary@example.com"


@pytest.fixture
def settings(database: Database, each_broker: AnyBroker) -> Settings:
    """Nothing is swept here: what Flower shows comes from the hints alone."""
    return database.settings(workers_per_queue=2, broker_url=each_broker.url)


@pytest.fixture
def flower(settings: Settings, processes: Processes) -> Running:
    """Flower as `bursar flower` starts it, with variables around that would open it."""
    opening = {"FLOWER_UNAUTHENTICATED_API": "true", "FLOWER_READ_ONLY": "0"}
    return processes.bursar("flower", settings=settings, env=opening)


@pytest.fixture
def api(settings: Settings, processes: Processes, flower: Running) -> FlowerApi:
    """Flower and one worker group, which know of one another."""
    processes.python("-m", "tests.harness.probe_process", "worker", "payments", settings=settings)
    read = FlowerApi(settings.flower_port, login(settings))
    wait_until(read.alive, what="a worker in Flower", interval_s=0.1)
    return read


@pytest.fixture
def hinter(settings: Settings) -> Iterator[Hinter]:
    """Hints as the door and the sweep give them."""
    made = Hinter(settings.broker_url.get_secret_value())
    yield made
    made.close()


@pytest.mark.requirement("INBOX-17")
def test_what_operators_see(
    api: FlowerApi, hinter: Hinter, database: Database, settings: Settings, flower: Running
) -> None:
    with database.connect() as connection:
        good = store_event(connection, probe("cus_good"))
        bad = store_event(connection, probe(f"cus {CANARY}", "raise"))
        batch = [store_event(connection, probe(f"cus_{n}")) for n in range(7)]
        poison = store_event(connection, probe("cus_p", "raise"))
        mixed = [*(store_event(connection, probe(f"cus_m{n}")) for n in range(4)), poison]
        hinter.hint("payments", [good], label=LABEL)
        hinter.hint("payments", [bad], label=LABEL)
        hinter.hint("payments", batch)
        hinter.hint("payments", mixed)

        single = api.wait_task(LABEL, "SUCCESS")
        assert single["kwargs"] == str({"ids": [good]})
        assert single["result"] == repr("1 done, 0 failed, 0 put back")
        assert single["worker"].startswith("payments@")

        failed = api.wait_task(LABEL, "FAILURE")
        assert failed["kwargs"] == str({"ids": [bad]})
        assert f"probe thing.happened (row {bad}) ProbeBugError: bug met by" in failed["exception"]
        assert CANARY not in json.dumps(api.tasks())

        assert api.wait_task("payments.batch", "SUCCESS")["result"] == repr("7 done, 0 failed, 0 put back")
        partly = api.wait_task("payments.batch", "FAILURE")["exception"]
        assert f"4 done, 1 failed, 0 put back; failed rows: {poison}" in partly

    known = wait_until(api.workers, what="a worker that answers Flower")
    assert [name.partition("@")[0] for name in known] == ["payments"]
    assert [queue["name"] for worker in known.values() for queue in worker["active_queues"]] == ["payments"]
    only_the_login_reads_and_nobody_writes(api, settings, flower)


def only_the_login_reads_and_nobody_writes(api: FlowerApi, settings: Settings, flower: Running) -> None:
    """A part of the test above, which has a Flower running."""

    def status(method: str, path: str, **more: Any) -> int:
        return requests.request(method, api.base + path, timeout=30, **more).status_code

    for path in ("/", "/api/tasks", "/api/workers", "/tasks", "/broker"):
        assert status("GET", path) == 401
    assert status("GET", "/api/tasks", auth=("bursar", "guess")) == 401
    assert status("POST", "/api/task/send-task/tasks.payments.run", auth=api.login, json={"kwargs": {}}) == 403
    for worker in api.alive():
        assert status("POST", f"/api/worker/shutdown/{worker}", auth=api.login) == 403
    arguments = Path(f"/proc/{flower.pid}/cmdline").read_text(encoding="utf-8")
    assert api.login[1] not in arguments
    assert settings.broker_url.get_secret_value() not in arguments
    password = settings.home / "flower.password"
    assert password.stat().st_mode & 0o077 == 0
