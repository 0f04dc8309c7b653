"""How a receiver starts, or why not; and what of it is open."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from tests.harness.cluster import Database
from tests.harness.processes import Processes
from tests.webhooks_ingest.door import Door, encoded, open_door, stripe_event


@pytest.mark.requirement("SEC-1")
def test_it_does_not_start_without_a_secret_a_database_or_its_port(database: Database, processes: Processes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        cases: dict[str, dict[str, Any]] = {
            "BURSAR_STRIPE_WEBHOOK_SECRETS is not set": {"stripe_webhook_secrets": ""},
            "BURSAR_RECEIVER_PORT": {"receiver_port": taken.getsockname()[1]},
        }
        started = {
            said: processes.python("-m", "webhooks_ingest", settings=database.settings(**overrides))
            for said, overrides in cases.items()
        }
        for said, running in started.items():
            assert running.wait() == 1
            assert said in running.output()
            assert "Traceback" not in running.output()


@pytest.mark.requirement("INBOX-12")
def test_a_closed_source_is_not_there(database: Database, processes: Processes) -> None:
    door = open_door(processes, database, sources="zoom", stripe_webhook_secrets="")
    assert door.stripe(encoded(stripe_event())).status == 404


def test_health_and_readiness(door: Door) -> None:
    for path in ("/healthz", "/readyz"):
        assert door.get(path).status == 200
        assert door.post(path, b"", {}, "HEAD").status == 200

