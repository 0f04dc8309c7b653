"""A till with a campaign for each test of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.harness.cluster import Database
from tests.tasks.payments.promo.counter import Counter
from tests.tasks.payments.taking.till import till


@pytest.fixture
def desk(database: Database) -> Iterator[Counter]:
    """A counter over a fresh database."""
    with till(database) as made:
        yield Counter(made.context, made.clock, made.database, made.script, made.app)
