"""A receiver that the tests of a module share, because starting one takes longer than most of them; the inbox is emptied."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from core.clock import SystemClock
from tests.factories.pki import Issuer, authority, leaf, put_certificate
from tests.harness.broker import Broker
from tests.harness.cluster import Database, copy_template, drop
from tests.harness.processes import Processes
from tests.webhooks_ingest.door import Door, open_door

_EMPTY = "TRUNCATE bursar.inbox, bursar.inbox_payload, bursar.inbox_conflict, bursar.transmission"


@pytest.fixture(scope="session")
def paypal_issuer() -> Issuer:
    """The authority whose certificate the receivers of these tests take as an anchor."""
    return authority("Issuer of PayPal's certificate in tests", now=SystemClock().now())


@pytest.fixture(scope="module")
def _module_door(
    cluster_url: str,
    broker: Broker,
    paypal_issuer: Issuer,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Iterator[Door]:
    home = tmp_path_factory.mktemp("door")
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    name = f"door_{worker}_{request.module.__name__.rsplit('_', 1)[-1]}"
    (home / "anchors.pem").write_bytes(paypal_issuer.pem)
    put_certificate(home, leaf(paypal_issuer, now=SystemClock().now()))
    database = Database(copy_template(cluster_url, name), broker.url, home)
    processes = Processes(home)
    yield open_door(processes, database, paypal_trust_anchors=home / "anchors.pem")
    processes.close()
    drop(cluster_url, name)


@pytest.fixture
def door(_module_door: Door) -> Door:
    """A running receiver over an empty inbox, with a PayPal certificate at hand."""
    with _module_door.database.connect() as connection:
        connection.execute(_EMPTY)
    return _module_door
