"""Trade at the stand-in, for tests of reconciliation."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.harness.cluster import Database
from tests.harness.sandbox import Sandbox
from tests.tasks.maintenance.recon.trade import Trade


@pytest.fixture
def trade(database: Database, stripe_sandbox: Sandbox) -> Iterator[Trade]:
    """A stand-in and a machine beside it."""
    made = Trade(database, stripe_sandbox)
    yield made
    made.machine.close()
