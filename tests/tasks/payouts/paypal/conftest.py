"""The fixture of tests that pay out through PayPal."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.harness.cluster import Database
from tests.harness.paypal import PayPal
from tests.tasks.payments.paypal.market import Market


@pytest.fixture
def market(database: Database, paypal_sandbox: PayPal) -> Iterator[Market]:
    """The machine and PayPal."""
    found = Market(database, paypal_sandbox)
    yield found
    found.machine.close()
