"""A database that handlers are told events of."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.factories.telling import Teller
from tests.harness.cluster import Database
from tests.tasks.mirror import Mirror
from tests.tasks.payments.stripe.ground import stripe_mirror


@pytest.fixture
def teller(database: Database) -> Iterator[Teller]:
    """Tells a fresh database what events say."""
    made = Teller(database)
    yield made
    made.close()


@pytest.fixture
def mirror(database: Database) -> Iterator[Mirror]:
    """Plays Stripe's bytes on a fresh database; every play is rolled back."""
    made = stripe_mirror(database)
    yield made
    made.engine.dispose()
