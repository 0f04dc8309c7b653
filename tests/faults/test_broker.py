"""The broker is away, forgets everything, or hangs half open: it costs latency, never an event (promise 1).

Redis and RabbitMQ alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from core.clock import monotonic_s
from tests.factories.inbox import states, store_event
from tests.harness.broker import AnyBroker
from tests.harness.cluster import Database
from tests.harness.environment import make_settings
from tests.harness.probe import probe
from tests.harness.processes import Processes
from tests.harness.proxy import Proxy
from tests.harness.waiting import wait_until

QUICK: dict[str, Any] = {"sweep_interval_s": 0.2, "hint_grace_s": 0.3, "workers_per_queue": 1}


@pytest.fixture
def proxy(each_broker: AnyBroker) -> Iterator[Proxy]:
    """Between the workers and their broker."""
    made = Proxy(each_broker.port)
    yield made
    made.close()


def start(processes: Processes, database: Database, broker_url: str, *roles: str) -> None:
    """Start real processes with the probe plugged in."""
    settings = make_settings(database.url, broker_url, database.home, **QUICK)
    for role in roles:
        processes.python("-m", "tests.harness.probe_process", *role.split(), settings=settings)


@pytest.mark.requirement("INBOX-15")
def test_a_half_open_broker_connection_costs_at_most_15_s(
    database: Database, each_broker: AnyBroker, proxy: Proxy, processes: Processes
) -> None:
    parts = urlsplit(each_broker.url)
    through = parts._replace(netloc=parts.netloc.replace(f":{parts.port}", f":{proxy.port}")).geturl()
    start(processes, database, through, "worker payments")
    start(processes, database, each_broker.url, "standby")
    with database.connect() as connection:
        store_event(connection, probe("cus_0"))
        wait_until(lambda: states(connection) == {"done": 1}, what="the worker works")
        proxy.stall()
        stalled = monotonic_s()
        for n in range(1, 20):
            store_event(connection, probe(f"cus_{n}"))
        wait_until(lambda: states(connection) == {"done": 20}, what="all done after the stall")
        assert monotonic_s() - stalled <= 15


@pytest.mark.requirement("INBOX-15")
def test_without_a_broker_the_standby_works_through_the_queue(
    database: Database, each_broker: AnyBroker, processes: Processes
) -> None:
    each_broker.freeze()  # worse than dead: connections are made, and then nobody answers
    start(processes, database, each_broker.url, "standby")
    with database.connect() as connection:
        for n in range(200):
            store_event(connection, probe(f"cus_{n}"))
        wait_until(lambda: states(connection) == {"done": 200}, what="all done without a broker")


@pytest.mark.requirement("INBOX-15")
def test_a_broker_that_forgot_everything_is_hinted_again(
    database: Database, each_broker: AnyBroker, processes: Processes
) -> None:
    with database.connect() as connection:
        for n in range(300):
            store_event(connection, probe(f"cus_{n}"))
        start(processes, database, each_broker.url, "worker payments", "standby")
        for _ in range(5):
            each_broker.flush()
        wait_until(lambda: states(connection) == {"done": 300}, what="all done though every message was lost")
