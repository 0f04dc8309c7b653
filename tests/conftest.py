"""Fixtures for all tests: one PostgreSQL cluster per run, a database per test, a Redis per parallel worker.

The shared cluster runs with fsync off, because no test that shares it kills it. What kills PostgreSQL asks for
`own_cluster`, which has fsync on.
"""

from __future__ import annotations

import gc
import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.harness import einvoices
from tests.harness.broker import AnyBroker, Broker
from tests.harness.cluster import Cluster, Database, copy_template, drop, let_go
from tests.harness.machine import Machine
from tests.harness.paypal import PayPal
from tests.harness.processes import ROOT, Processes
from tests.harness.proof import broken_rules
from tests.harness.rabbit import Rabbit
from tests.harness.sandbox import Sandbox
from tests.harness.selection import server_matters

STRIPE_SAMPLES = ROOT.parent / "shared" / "data" / "stripe"

# A busy machine is no finding, and the same commit gives the same result. `--hypothesis-profile=explore` rolls new
# examples in each run.
_PATIENT: dict[str, Any] = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow], "print_blob": True}
settings.register_profile("explore", **_PATIENT)
settings.register_profile("bursar", derandomize=True, **_PATIENT)
settings.load_profile("bursar")

_FLOWS = ("tests/flows/", "tests/tasks/payments/")
"""What these play on a `Machine` is held to the invariants (`tests/harness/proof.py`)."""
_numbers = itertools.count(1)
_clusters: list[Cluster] = []


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "breaks(*rules, because): leaves rows, on purpose, that break these invariants")
    # A developer's own settings must not reach the tests. BURSAR_PG_BIN (which PostgreSQL) is meant for them.
    for name in [name for name in os.environ if name.startswith("BURSAR_") and name != "BURSAR_PG_BIN"]:
        del os.environ[name]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What uses a database or real processes waits for others, many times in one test; a busy machine makes each wait long.

    First of all, because `-m` chooses by these marks too.
    """
    for item in items:
        if server_matters(item.path.relative_to(ROOT).as_posix()):
            item.add_marker(pytest.mark.postgresql)
        fixtures: tuple[str, ...] = getattr(item, "fixturenames", ())
        if {"database", "processes", "own_cluster"} & set(fixtures) and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(400))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """What a flow left behind breaks no rule: part of the test, and only if it has passed so far."""
    yield
    given = getattr(item, "funcargs", {}).values()
    machines = (one for each in given for one in (each, getattr(each, "machine", None)) if isinstance(one, Machine))
    made = next(machines, None)
    if made is not None and item.path.relative_to(ROOT).as_posix().startswith(_FLOWS):
        marker = item.get_closest_marker("breaks")
        found = broken_rules(made.kept(), made.clock.now(), marker.args if marker else ())
        assert not found, "the test passed, but left rows that break rules:\n" + "\n".join(found)
        einvoices.gather(made.kept(), item.nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """pytest-xdist: the controller starts the cluster and tells each worker where it is."""
    node.workerinput["cluster_url"] = _run_cluster().url()


def pytest_collection_finish() -> None:
    """What is loaded by now stays; the collector would look through all of it a thousand times, 8 % of the tests' own time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


def pytest_unconfigure(config: pytest.Config) -> None:
    let_go()
    while _clusters:
        _clusters.pop().discard()


def _run_cluster() -> Cluster:
    if not _clusters:
        cluster = Cluster(fsync=False, options={"autovacuum": "off", "max_connections": "300"})
        _clusters.append(cluster)
        cluster.let_in_quickly()
        cluster.make_template()
    return _clusters[0]


@pytest.fixture(scope="session", autouse=True)
def judged_einvoices() -> Iterator[None]:
    """At the end of a worker's tests: what the official rules say of all papers that its flows left behind (TAX-2)."""
    yield
    found = einvoices.refused()
    assert not found, "tests passed, but left papers that a tax office would refuse:\n" + "\n".join(found[:20])


@pytest.fixture(scope="session")
def cluster_url(request: pytest.FixtureRequest) -> str:
    """The run's cluster: URL of its database `postgres`, as a superuser."""
    workerinput = getattr(request.config, "workerinput", None)
    return str(workerinput["cluster_url"]) if workerinput else _run_cluster().url()


@pytest.fixture(scope="session")
def broker() -> Iterator[Broker]:
    """This worker's Redis. Leave it running and on its port; what kills a Redis uses `own_broker`."""
    server = Broker()
    yield server
    server.discard()


@pytest.fixture
def redis_url(broker: Broker) -> str:
    """URL of this worker's Redis, empty."""
    broker.flush()
    return broker.url


@pytest.fixture
def database(
    cluster_url: str, redis_url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Database]:
    """A fresh, migrated database: `.url`, `.settings(**overrides)`, `.connect()`."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    name = f"test_{worker}_{next(_numbers)}"
    yield Database(copy_template(cluster_url, name), redis_url, tmp_path)
    drop(cluster_url, name)


@pytest.fixture
def machine(database: Database) -> Iterator[Machine]:
    """The runners in this process on a fresh database: commands and events in, rows out. `Machine(database, **settings)` for others."""
    made = Machine(database)
    yield made
    made.close()


@pytest.fixture
def stripe_sandbox() -> Iterator[Sandbox]:
    """A stand-in of Stripe over HTTP, with a fresh state: `.base`, `.control`, `.settings()`."""
    standing_in = Sandbox()
    yield standing_in
    standing_in.stop()


@pytest.fixture
def paypal_sandbox() -> Iterator[PayPal]:
    """A stand-in of PayPal over HTTP, with a fresh state: `.base`, `.control`, `.settings()`."""
    standing_in = PayPal()
    yield standing_in
    standing_in.stop()


@pytest.fixture
def own_cluster() -> Iterator[Callable[..., Cluster]]:
    """Factory of clusters that a test may kill: `own_cluster(**server_options)`; fsync on unless `fsync=False`."""
    made: list[Cluster] = []

    def make(*, fsync: bool = True, **options: str) -> Cluster:
        made.append(Cluster(fsync=fsync, options=options))
        return made[-1]

    yield make
    for cluster in made:
        cluster.discard()


@pytest.fixture
def own_broker() -> Iterator[Broker]:
    """A Redis that the test may stop, kill and start again."""
    server = Broker()
    yield server
    server.discard()


@pytest.fixture(scope="session")
def rabbit_server() -> Iterator[Rabbit]:
    """This worker's RabbitMQ. Tests take `rabbit`."""
    server = Rabbit()
    yield server
    server.discard()


@pytest.fixture
def rabbit(rabbit_server: Rabbit) -> Rabbit:
    """A RabbitMQ, empty, that the test may stop, block, kill and start again; skipped where it is not installed."""
    rabbit_server.revive()
    return rabbit_server


@pytest.fixture(params=["redis", pytest.param("rabbitmq", marks=pytest.mark.rabbitmq)])
def each_broker(request: pytest.FixtureRequest) -> AnyBroker:
    """Runs the test twice: with a Redis and with a RabbitMQ that it may stop, kill and start again."""
    chosen: AnyBroker = request.getfixturevalue("own_broker" if request.param == "redis" else "rabbit")
    return chosen


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    """Starts project commands as real processes and kills what is left of them."""
    started = Processes(tmp_path)
    yield started
    started.close()


@pytest.fixture(scope="session")
def stripe_samples() -> Path:
    """Folder of the shared Stripe samples; the test is skipped where the project stands alone."""
    if not STRIPE_SAMPLES.is_dir():
        pytest.skip(f"{STRIPE_SAMPLES} is not there: the shared samples are not part of the project")
    return STRIPE_SAMPLES
