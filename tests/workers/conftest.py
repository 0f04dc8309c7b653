"""A worker's surroundings inside the test's process: the real runner on a real database, with a clock that the test moves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.clock import FixedClock
from tests.factories.inbox import NOW
from tests.harness.cluster import Database
from tests.harness.probe import SOURCE, plug_in
from workers import routes
from workers.context import Context, make_context


@pytest.fixture
def clock() -> FixedClock:
    """The business's clock."""
    return FixedClock(NOW)


@pytest.fixture
def context(database: Database, clock: FixedClock) -> Iterator[Context]:
    """A context with the probe source plugged in."""
    plug_in()
    made = make_context(database.settings(), clock=clock)
    yield made
    made.engine.dispose()
    routes.ROUTES.pop(SOURCE, None)
    routes.ROUTES["stripe"].pop("thing.happened", None)
