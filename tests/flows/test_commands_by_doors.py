"""A real command by HTTP and by Celery, from the client to its effect, with what else is needed taken away."""

from __future__ import annotations

import pytest
from celery import Celery

from bursar_client import CommandRejected, SqlBursar
from bursar_client.commands import LinkCustomer
from bursar_client.over_celery import CeleryBursar
from tests.clients.ways import client_connection, http_bursar
from tests.harness.broker import Broker
from tests.harness.cluster import Database
from tests.harness.environment import APP, APP_SECRET
from tests.harness.processes import Processes
from tests.harness.waiting import PATIENCE_S
from tests.webhooks_ingest.door import open_door


def link(number: int) -> LinkCustomer:
    """A command with an effect and a result."""
    return LinkCustomer(source="stripe", customer_ref=f"cus_{number}", external_ref=f"user-{number}")


@pytest.mark.requirement("INBOX-15")
def test_by_http_without_a_broker_the_standby_carries_it_out(
    database: Database, own_broker: Broker, processes: Processes
) -> None:
    own_broker.kill()
    without = Database(database.url, own_broker.url, database.home)
    processes.bursar("standby", settings=without.settings(sweep_interval_s=0.2))
    bursar = http_bursar(open_door(processes, without, sources="zoom"))
    for number in range(5):
        assert bursar.submit(link(number), key=f"k{number}").new
    for number in range(5):
        assert bursar.wait(f"k{number}", PATIENCE_S).require()["external_ref"] == f"user-{number}"


@pytest.mark.requirement("INBOX-16", "SEC-9")
def test_by_celery_it_is_carried_out_at_once(database: Database, processes: Processes) -> None:
    """Neither receiver nor standby runs: the worker that took the message did the work."""
    celery = Celery("shop", broker=database.broker_url, set_as_current=False)
    processes.bursar("worker", "payments", settings=database.settings()).wait_output("worker_ready")
    with client_connection(database) as connection:
        bursar = CeleryBursar(celery, app=APP, secret=APP_SECRET, status_from=SqlBursar(connection))
        for _ in range(3):
            assert bursar.submit(link(1), key="k1").state == "sent"
        status = bursar.wait("k1", PATIENCE_S)
        assert status.require()["external_ref"] == "user-1"
        assert status.attempts == 0
        bursar.submit(LinkCustomer(source="stripe", customer_ref="cus_1", external_ref="user-2"), key="k2")
        with pytest.raises(CommandRejected) as caught:
            bursar.wait("k2", PATIENCE_S).require()
    assert caught.value.code == "linked_to_another"
    celery.close()
