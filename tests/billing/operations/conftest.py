"""A database that handlers are told events of."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.factories.telling import Teller
from tests.harness.cluster import Database


@pytest.fixture
def teller(database: Database) -> Iterator[Teller]:
    """Tells a fresh database what events say."""
    made = Teller(database)
    yield made
    made.close()
