"""A stand-in of ANAF for one test: real HTTP in a thread of this process, a fresh state, and its control client."""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr

from core.clock import Clock
from providers.sandbox.anaf.client import AnafControl
from providers.sandbox.anaf.server import AnafSandbox
from providers.sandbox.anaf.world import Config

CLIENT_ID, CLIENT_SECRET, SEAL_KEY = "anaf-client", "anaf-secret-of-tests", "tests:a-key-to-seal-with-in-tests"


class Anaf:
    """What the fixture `anaf` gives: `.base`, `.control`, `.settings()`."""

    def __init__(self, clock: Clock | None = None, **config: Any) -> None:
        self.standin = AnafSandbox(config=Config(**config), clock=clock).start()
        self.base = self.standin.base
        self.control = AnafControl(self.base)

    def settings(self) -> dict[str, Any]:
        """Overrides for `Machine(database, **anaf.settings())`."""
        return {
            "anaf_api_base": self.standin.api_base, "anaf_login_base": self.standin.login_base, "anaf_client_id": CLIENT_ID,
            "anaf_client_secret": SecretStr(CLIENT_SECRET), "anaf_rate_per_s": 10_000.0, "seal_keys": SEAL_KEY,
        }  # fmt: skip

    def stop(self) -> None:
        """End it."""
        self.standin.stop()
