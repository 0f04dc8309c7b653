"""The real SDK, pointed at this test's stand-in of Stripe."""

from __future__ import annotations

import pytest

from tests.harness.sandbox import Sandbox
from tests.providers.sandbox.stripe_api import Sdk


@pytest.fixture
def sdk(stripe_sandbox: Sandbox) -> Sdk:
    """The SDK against `stripe_sandbox`."""
    return Sdk(stripe_sandbox.base)
