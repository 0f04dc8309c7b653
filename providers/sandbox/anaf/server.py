"""The whole stand-in of ANAF: start it inside a test, or serve it in a process of its own."""

from __future__ import annotations

from pathlib import Path

from core.clock import Clock
from providers.sandbox.anaf.app import App
from providers.sandbox.anaf.control import PREFIX, Control
from providers.sandbox.anaf.keep import load, save
from providers.sandbox.anaf.world import Config, World
from providers.sandbox.http.exchange import Reply, Request
from providers.sandbox.http.faults import Faults
from providers.sandbox.http.server import Server


class AnafSandbox:
    """A ministry. Any client id and secret are good."""

    def __init__(self, *, port: int = 0, config: Config | None = None, clock: Clock | None = None) -> None:
        self.faults, self.world = Faults(), World(config, clock)
        self.app = App(self.world, self.faults)
        self.control = Control(self.world, self.faults)
        self.server = Server(self._answer, port=port)
        self._kept: Path | None = None

    @property
    def base(self) -> str:
        """Its address."""
        return self.server.base

    @property
    def api_base(self) -> str:
        """What `BURSAR_ANAF_API_BASE` is set to."""
        return f"{self.base}/test/FCTEL/rest"

    @property
    def login_base(self) -> str:
        """What `BURSAR_ANAF_LOGIN_BASE` is set to."""
        return f"{self.base}/anaf-oauth2/v1"

    def keep_in(self, path: Path) -> None:
        """Go on from what this file holds; what is there at the end is written into it."""
        load(self.world, path)
        self._kept = path

    def start(self) -> AnafSandbox:
        """Serve from threads of this process."""
        self.server.start()
        return self

    def stop(self) -> None:
        """End; held calls are let go."""
        self.app.stopping.set()
        self.server.stop()
        if self._kept is not None:
            save(self.world, self._kept)

    def __enter__(self) -> AnafSandbox:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def _answer(self, request: Request) -> Reply:
        return self.control(request) if request.path.startswith(PREFIX) else self.app(request)
