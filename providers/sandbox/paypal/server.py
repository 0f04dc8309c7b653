"""The whole stand-in: start it inside a test, or serve it in a process of its own."""

from __future__ import annotations

from pathlib import Path

from core.clock import Clock, SystemClock
from providers.sandbox.http.exchange import Reply, Request
from providers.sandbox.http.faults import Faults
from providers.sandbox.http.server import Server
from providers.sandbox.paypal.app import App
from providers.sandbox.paypal.config import Config
from providers.sandbox.paypal.control import PREFIX, Control
from providers.sandbox.paypal.deliveries import Deliveries
from providers.sandbox.paypal.keep import load, save
from providers.sandbox.paypal.signing import Signer
from providers.sandbox.paypal.world import World


class PayPalSandbox:
    """A PayPal. Any client id and secret are good."""

    def __init__(
        self, *, port: int = 0, config: Config | None = None, clock: Clock | None = None, signer: Signer | None = None
    ) -> None:
        self.faults = Faults()
        self.world = World(config, clock=clock)
        # A certificate is checked by the receiver's own clock, whatever time the sandbox plays.
        self.signer = signer or Signer.make(SystemClock().now())
        self.deliveries = Deliveries(self.world, self.signer)
        self.app = App(self.world, self.faults)
        self.control = Control(self.world, self.faults, self.deliveries)
        self.server = Server(self._answer, port=port)
        self.world.base = self.server.base
        self._kept: Path | None = None

    @property
    def base(self) -> str:
        """What `BURSAR_PAYPAL_API_BASE` is set to."""
        return self.server.base

    def lay_certificate(self, home: Path) -> Path:
        """Let the receiver of this home verify our webhooks; the path for `BURSAR_PAYPAL_TRUST_ANCHORS`."""
        return self.signer.lay(home)

    def keep_in(self, path: Path) -> None:
        """Go on from what this file holds; what is there at the end is written into it."""
        load(self.world, path)
        self.deliveries.skip()
        self._kept = path

    def start(self) -> PayPalSandbox:
        """Serve from threads of this process."""
        self.deliveries.start()
        self.server.start()
        return self

    def stop(self) -> None:
        """End; held calls are let go."""
        self.app.stopping.set()
        self.deliveries.stop()
        self.server.stop()
        if self._kept is not None:
            save(self.world, self._kept)

    def __enter__(self) -> PayPalSandbox:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def _answer(self, request: Request) -> Reply:
        return self.control(request) if request.path.startswith(PREFIX) else self.app(request)
