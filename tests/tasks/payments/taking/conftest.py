"""A till for each test of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.harness.cluster import Database
from tests.tasks.payments.taking.till import Till, till


@pytest.fixture
def desk(database: Database) -> Iterator[Till]:
    """A till over a fresh database."""
    with till(database) as made:
        yield made
