"""A stand-in of PayPal for one test: real HTTP in a thread of this process, a fresh state, and its control client."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import SecretStr

from core.clock import SystemClock
from providers.sandbox.paypal.client import PayPalControl
from providers.sandbox.paypal.config import Config
from providers.sandbox.paypal.server import PayPalSandbox
from providers.sandbox.paypal.signing import Signer

CLIENT_ID, CLIENT_SECRET = "sandbox-client", "sandbox-secret"


@cache
def _signer() -> Signer:
    """One authority for all of this process's: making one takes a tenth of a second."""
    return Signer.make(SystemClock().now())


class PayPal:
    """What the fixture `paypal_sandbox` gives: `.base`, `.control`, `.settings()`."""

    def __init__(self, **config: Any) -> None:
        self.standin = PayPalSandbox(config=Config(**config), signer=_signer()).start()
        self.base = self.standin.base
        self.control = PayPalControl(self.base)

    def settings(self) -> dict[str, Any]:
        """Overrides for `database.settings(**paypal_sandbox.settings())`."""
        return {
            "paypal_api_base": self.base, "paypal_client_id": CLIENT_ID, "paypal_client_secret": SecretStr(CLIENT_SECRET),
        }  # fmt: skip

    def environment(self) -> dict[str, str]:
        """The same for processes."""
        return {
            "BURSAR_PAYPAL_API_BASE": self.base, "BURSAR_PAYPAL_CLIENT_ID": CLIENT_ID, "BURSAR_PAYPAL_CLIENT_SECRET": CLIENT_SECRET,
        }  # fmt: skip

    def stop(self) -> None:
        """End it."""
        self.standin.stop()
