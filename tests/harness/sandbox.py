"""A stand-in of Stripe for one test: real HTTP in a thread of this process, a fresh state, and its control client."""

from __future__ import annotations

from typing import Any

from providers.sandbox.control import Control
from providers.sandbox.stripe.config import Config
from providers.sandbox.stripe.standin import API_KEY, StripeSandbox


class Sandbox:
    """What the fixture `stripe_sandbox` gives: `.base`, `.control`, `.settings()`."""

    def __init__(self, **config: Any) -> None:
        self.standin = StripeSandbox(config=Config(**config)).start()
        self.base = self.standin.base
        self.control = Control(self.base)

    def settings(self) -> dict[str, Any]:
        """Overrides for `database.settings(**stripe_sandbox.settings())`."""
        return {"stripe_api_base": self.base, "stripe_api_key": API_KEY, "stripe_rate_per_s": 1000.0}

    def environment(self) -> dict[str, str]:
        """The same for processes."""
        return {"BURSAR_STRIPE_API_BASE": self.base, "BURSAR_STRIPE_API_KEY": API_KEY}

    def stop(self) -> None:
        """End it."""
        self.standin.stop()
