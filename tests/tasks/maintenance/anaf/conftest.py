"""The installation and the ministry of one test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.clock import FixedClock
from tests.harness.anaf import Anaf
from tests.harness.cluster import Database
from tests.harness.machine import Machine
from tests.tasks.maintenance.anaf.ministry import START, Office


@pytest.fixture
def anaf() -> Iterator[Anaf]:
    """A ministry over HTTP, on a clock that stands still."""
    standing = Anaf(clock=FixedClock(START))
    yield standing
    standing.stop()


@pytest.fixture
def machine(database: Database, anaf: Anaf) -> Iterator[Machine]:
    """The runners, pointed at that ministry, on the same clock."""
    made = Machine(database, operator_emails="operator@example.com", retry_jitter=0.0, **anaf.settings())
    made.clock.move_to(START)
    anaf.standin.world._clock = made.clock
    yield made
    made.close()


@pytest.fixture
def office(machine: Machine, anaf: Anaf) -> Office:
    """Somebody has logged in."""
    made = Office(machine, anaf)
    made.log_in()
    return made
