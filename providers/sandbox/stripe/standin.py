"""The stand-in of Stripe as a whole: its world, its API, its control API and the server in front of them."""

from __future__ import annotations

from pathlib import Path

from providers.sandbox.http.exchange import Reply, Request
from providers.sandbox.http.server import Server
from providers.sandbox.stripe import commands
from providers.sandbox.stripe.config import Config
from providers.sandbox.stripe.door import StripeApi
from providers.sandbox.stripe.keep import Keeper
from providers.sandbox.stripe.problems import Json
from providers.sandbox.stripe.sender import Sender
from providers.sandbox.stripe.world import World

API_KEY = "sk_test_sandbox"
"""Any key that begins like one is taken; this is the one that we use."""


class StripeSandbox:
    """A Stripe of one's own on the loopback. `start` serves from a thread, `serve` from the caller's."""

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0, config: Config | None = None) -> None:
        self.api = StripeApi(World(config))
        self.sender = Sender(self.api.world)
        self.keeper: Keeper | None = None
        self.server = Server(self._answer, host=host, port=port)

    @property
    def base(self) -> str:
        """What BURSAR_STRIPE_API_BASE is set to."""
        return self.server.base

    def start(self) -> StripeSandbox:
        """Serve from a thread."""
        self.server.start()
        return self

    def serve(self) -> None:
        """Serve in this thread until it is interrupted."""
        self.server.serve()

    def send_to(self, *endpoints: Json) -> None:
        """Post what happens from now on to these endpoints ({url, secret})."""
        with self.api.world.lock:
            self.sender.start_with({"endpoints": list(endpoints)})

    def keep_in(self, path: Path) -> None:
        """Go on from what this file holds, and keep it up to date."""
        self.keeper = Keeper(self.api.world, path)

    def stop(self) -> None:
        """End: what is held back is let go, connections are cut."""
        self.api.let_go.set()
        self.server.stop()
        self.sender.stop()
        if self.keeper is not None:
            self.keeper.stop()

    def _answer(self, request: Request) -> Reply:
        if request.path.startswith(commands.PREFIX):
            return commands.answer(self.api, self.sender, request)
        return self.api(request)
