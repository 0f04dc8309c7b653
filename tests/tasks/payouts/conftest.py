"""What tests of payouts share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.harness.cluster import Database
from tests.tasks.payouts.till import Till


@pytest.fixture
def till(database: Database) -> Iterator[Till]:
    """The machine, with the test as its provider."""
    made = Till(database)
    yield made
    made.close()
