"""Delivers events to a receiver as PayPal does: signed, repeated until a 2xx, in no promised order; lost or doubled on request."""

from __future__ import annotations

import random
import threading
import uuid
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

import msgspec
import requests

from providers.sandbox.paypal.problems import Json
from providers.sandbox.paypal.signing import Signer
from providers.sandbox.paypal.world import World

_MOST_TRIES = 25
_TIMEOUT_S = 10.0
_PAUSE_S = 0.05


@dataclass(slots=True)
class Plan:
    """Where to and how badly. Without `url` nothing is delivered; events wait."""

    url: str = ""
    webhook_id: str = ""
    by_itself: bool = True
    """Deliver as things happen; false: only when told to."""
    copies: int = 1
    lose: float = 0.0
    """The share of events that is never delivered (they stay in the list of events)."""
    shuffle: bool = False
    seed: int = 0


class Deliveries:
    """The deliveries of one stand-in."""

    def __init__(self, world: World, signer: Signer) -> None:
        self._world, self._signer = world, signer
        self.plan = Plan()
        self._random = random.Random(0)  # noqa: S311 - chance for tests, no secret
        self._one_at_a_time = threading.Lock()
        self._stopping = False
        self._told: dict[str, int] = {}
        self._transmissions: dict[str, tuple[str, datetime]] = {}
        self._settled: set[str] = set()
        self.lost: list[str] = []
        self._thread = threading.Thread(target=self._run, name="paypal sandbox deliveries", daemon=True)

    def start(self) -> None:
        """Deliver in the background from here on."""
        self._thread.start()

    def stop(self) -> None:
        """End the background."""
        with self._world.wake:
            self._stopping = True
            self._world.wake.notify_all()
        self._thread.join()

    def aim(self, told: Json) -> Json:
        """Change the plan.

        Raises:
            ValueError: an unknown field.
        """
        known = {each.name for each in fields(Plan)}
        if not set(told) <= known:
            raise ValueError(f"deliveries know {', '.join(sorted(known))}")
        with self._world.wake:
            self.plan = Plan(**(asdict(self.plan) | told))
            self._random = random.Random(self.plan.seed)  # noqa: S311 - as above
            self._world.wake.notify_all()
        return asdict(self.plan)

    def skip(self) -> None:
        """What has been told up to now is not told again."""
        with self._world.lock:
            self._settled.update(self._world.table("event"))

    def flush(self) -> Json:
        """One round now: each waiting event is sent; how many were taken, refused or lost."""
        with self._one_at_a_time:
            waiting = self._waiting()
            if not self.plan.url:
                return {"waiting": len(waiting), "taken": 0, "refused": 0, "lost": 0}
            if self.plan.shuffle:
                self._random.shuffle(waiting)
            counts = {"taken": 0, "refused": 0, "lost": 0}
            for event in waiting:
                counts[self._deliver(event)] += 1
            return {"waiting": len(self._waiting()), **counts}

    def _waiting(self) -> list[Json]:
        with self._world.lock:
            again = self._world.hidden.get("resend", {}).get("ids", [])
            while again:
                event_id = again.pop()
                self._settled.discard(event_id)
                self._told[event_id] = 0
            return [event for event_id, event in self._world.table("event").items() if event_id not in self._settled]

    def _deliver(self, event: Json) -> str:
        event_id = event["id"]
        if event_id not in self._told and self._random.random() < self.plan.lose:
            self._settled.add(event_id)
            self.lost.append(event_id)
            return "lost"
        self._told[event_id] = self._told.get(event_id, 0) + 1
        with self._world.lock:
            # A transmission's id and time stay the same in its repeats.
            transmission_id, at = self._transmissions.setdefault(event_id, (str(uuid.uuid4()), self._world.now()))
            body = msgspec.json.encode(event)
        headers = self._signer.headers(body, transmission_id, at, self.plan.webhook_id)
        taken = [self._post(body, headers) for _ in range(max(1, self.plan.copies))]
        if any(taken) or self._told[event_id] >= _MOST_TRIES:
            self._settled.add(event_id)
        return "taken" if any(taken) else "refused"

    def _post(self, body: bytes, headers: dict[str, str]) -> bool:
        try:
            return requests.post(self.plan.url, data=body, headers=headers, timeout=_TIMEOUT_S, allow_redirects=False).ok
        except requests.RequestException:
            return False

    def _run(self) -> None:
        while True:
            with self._world.wake:
                self._world.wake.wait_for(self._due, timeout=1.0)
                if self._stopping:
                    return
                due = self._due()
            refused = self.flush()["refused"] if due else 0
            if refused:
                threading.Event().wait(_PAUSE_S)

    def _due(self) -> bool:
        return self._stopping or (bool(self.plan.url) and self.plan.by_itself and bool(self._waiting()))

    def shown(self) -> dict[str, Any]:
        """The plan and what came of it."""
        return {"plan": asdict(self.plan), "lost": list(self.lost), "tries": dict(self._told), "waiting": len(self._waiting())}
