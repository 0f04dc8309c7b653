"""The app with its plan."""

from __future__ import annotations

import pytest

from tests.harness.machine import Machine
from tests.tasks.payments.prices.shop import Shop


@pytest.fixture
def shop(machine: Machine) -> Shop:
    """A plan of 20.00 EUR a month."""
    return Shop(machine)
