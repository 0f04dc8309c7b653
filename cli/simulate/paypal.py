"""The play's PayPal: the stand-in's own world and front, asked without a socket, and webhooks signed by a certificate of its own."""

from __future__ import annotations

import asyncio
import json
import tempfile
import uuid
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from core.clock import Clock
from core.settings import Settings
from providers.paypal.client import reach_by
from providers.refusal import Unprovable
from providers.sandbox.http.faults import Faults
from providers.sandbox.http.in_process import session_of
from providers.sandbox.paypal import captures, orders
from providers.sandbox.paypal.app import CLIENT_ID, CLIENT_SECRET, App
from providers.sandbox.paypal.signing import Signer
from providers.sandbox.paypal.world import World
from webhooks_ingest.envelope import Envelope
from webhooks_ingest.paypal import PayPalPlug

BASE = "http://paypal.simulated.invalid"
SETTINGS: dict[str, Any] = {
    "paypal_api_base": BASE, "paypal_client_id": CLIENT_ID, "paypal_client_secret": CLIENT_SECRET, "paypal_rate_per_s": 10_000.0,
}  # fmt: skip
_WEBHOOK = "SIMULATEDWEBHOOK"
_RENEWED = timedelta(days=200)
"""The certificate holds for longer."""


class PlayedPayPal:
    """A PayPal inside the play."""

    def __init__(self, clock: Clock, settings: Settings) -> None:
        self.world, self.faults = World(clock=clock, token="PLAY00"), Faults()  # noqa: S106  # part of its ids
        self.world.lock.acquire()  # one thread plays all: it may change the world at any time
        self._settings = settings
        self._home = tempfile.TemporaryDirectory(prefix="bursar-simulate-")
        self._signer: Signer | None = None
        self._plug: PayPalPlug | None = None
        self._signs_until = clock.now()
        reach_by(BASE, session_of(BASE, App(self.world, self.faults)))

    def close(self) -> None:
        """The certificate is of no use to anybody."""
        self.world.lock.release()
        self._home.cleanup()

    def approve(self, order: str, outcome: str) -> bool:
        """The payer agrees, if he still can. `outcome`: what capturing it will come to."""
        if self.world.find("order", order)["status"] != "PAYER_ACTION_REQUIRED":
            return False
        orders.approve(self.world, order, outcome=outcome)
        return True

    def decide(self, order: str, outcome: str) -> None:
        """PayPal has looked at a capture that was pending: COMPLETED or DECLINED."""
        payments = self.world.find("order", order)["purchase_units"][0].get("payments", {})
        for capture in payments.get("captures", []):
            if self.world.find("capture", capture["id"])["status"] == "PENDING":
                captures.settle(self.world, capture["id"], outcome)

    def taken(self) -> list[dict[str, Any]]:
        """What it really took of payers; `time` in Unix seconds."""
        done = [one for one in self.world.effects if one["kind"] == "capture"]
        return [one | {"time": datetime.fromisoformat(one["at"]).timestamp()} for one in done]

    def verified(self, event: dict[str, Any], now: datetime) -> Envelope:
        """The event, as the door's plug has proven and read it."""
        body = json.dumps(event, separators=(",", ":")).encode()
        signer, plug = self._signing(now)
        transmission = str(uuid.uuid5(uuid.NAMESPACE_URL, event["id"]))
        headers = {name.lower(): value for name, value in signer.headers(body, transmission, now, _WEBHOOK).items()}
        try:
            return plug.verify(headers, body, now)
        except Unprovable:  # once a day: its certificate is looked at again, as before each delivery at the door
            asyncio.run(plug.prepare(headers, now))
            return plug.verify(headers, body, now)

    def _signing(self, now: datetime) -> tuple[Signer, PayPalPlug]:
        if self._signer is None or self._plug is None or now >= self._signs_until:
            self._signer, self._signs_until = Signer.make(now), now + _RENEWED
            home = Path(self._home.name)
            anchor = self._signer.lay(home)
            told = {"paypal_webhook_id": _WEBHOOK, "paypal_environment": "sandbox", "paypal_trust_anchors": anchor, "home": home}
            self._plug = PayPalPlug(self._settings.model_copy(update=told))
        return self._signer, self._plug
