"""What a test or a person does to the stand-in of ANAF (`/_sandbox/...`): log in, decide, let time pass, lose replies."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from providers.sandbox.anaf.login import Login
from providers.sandbox.anaf.world import World
from providers.sandbox.http.exchange import Reply, Request, json_reply
from providers.sandbox.http.faults import Faults
from providers.sandbox.http.turns import configure, turn_clock

PREFIX = "/_sandbox/"
Json = dict[str, Any]


class Control:
    """The orders by name; each takes and gives JSON."""

    def __init__(self, world: World, faults: Faults) -> None:
        self.world, self.faults = world, faults
        self._orders: dict[str, Callable[[Json], Any]] = {
            "login": lambda told: Login(world).code(),  # noqa: ARG005 - an order like the others
            "expire_tokens": lambda told: world.access.clear(),  # noqa: ARG005
            "end_login": self._end_login,
            "next_errors": lambda told: world.next_errors.append(list(told["errors"])),
            "uploads": lambda told: world.shown(),  # noqa: ARG005
            "calls": lambda told: list(world.calls),  # noqa: ARG005
            "clock": self._clock,
            "config": self._config,
            "fault": lambda told: asdict(faults.add(told)),
            "faults": lambda told: faults.clear() if told.get("clear") else faults.shown(),
        }

    def __call__(self, request: Request) -> Reply:
        """One order. Refusals are 400 with a message."""
        name = request.path.removeprefix(PREFIX)
        order = self._orders.get(name)
        if order is None:
            return json_reply(404, {"message": f"no such order; there are {', '.join(sorted(self._orders))}"})
        try:
            with self.world.lock:
                return json_reply(200, {"result": order(json.loads(request.body or b"{}"))})
        except (KeyError, TypeError, ValueError) as error:
            return json_reply(400, {"message": f"{name}: {error!r}"})

    def _end_login(self, told: Json) -> None:  # noqa: ARG002 - an order like the others
        self.world.access.clear()
        self.world.refresh.clear()

    def _clock(self, told: Json) -> str:
        """`at` (stands still there), `advance_s` or `run`."""
        turn_clock(self.world, told)
        return self.world.now().isoformat()

    def _config(self, told: Json) -> Json:
        return configure(self.world.config, told)
