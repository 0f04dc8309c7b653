"""A receiver that the client's tests share, over a database that knows one more command; and each way to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.clients.ways import KNOW, NAME, WAYS, Way, worker_name
from tests.harness.broker import Broker
from tests.harness.cluster import Database, copy_template, drop
from tests.harness.processes import Processes
from tests.webhooks_ingest.door import Door, open_door

_EMPTY = "TRUNCATE bursar.inbox, bursar.inbox_payload, bursar.inbox_conflict"


@pytest.fixture(scope="module")
def _module_door(
    cluster_url: str, broker: Broker, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Door]:
    home = tmp_path_factory.mktemp("door")
    name = f"client_{worker_name()}_{request.module.__name__.rsplit('_', 1)[-1]}"
    database = Database(copy_template(cluster_url, name), broker.url, home)
    with database.connect() as connection:
        connection.execute(KNOW, [NAME])
    processes = Processes(home)
    yield open_door(processes, database, sources="zoom")
    processes.close()
    drop(cluster_url, name)


@pytest.fixture
def door(_module_door: Door) -> Door:
    """A running receiver over an empty inbox that knows the tests' command."""
    with _module_door.database.connect() as connection:
        connection.execute(_EMPTY)
    return _module_door


@pytest.fixture(params=sorted(WAYS))
def way(request: pytest.FixtureRequest, door: Door) -> Iterator[Way]:
    """Each way in turn."""
    with WAYS[request.param](door) as opened:
        yield opened
