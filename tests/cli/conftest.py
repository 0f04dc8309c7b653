"""The operator's command line on a real database."""

from __future__ import annotations

import pytest

from tests.cli.operator_command import Bursar
from tests.harness.cluster import Database


@pytest.fixture
def bursar(database: Database) -> Bursar:
    """`bursar ...` on this test's database."""
    return Bursar(database.settings())
