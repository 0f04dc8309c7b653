"""Posts events to the receiver as Stripe does: signed, again after a failure; with duplicates, disorder and loss on request."""

from __future__ import annotations

import contextlib
import json
import random
import threading
from dataclasses import dataclass, field
from typing import Any

import requests

from core.clock import SystemClock, monotonic_s
from providers.sandbox.sign import stripe_headers
from providers.sandbox.stripe.problems import Json
from providers.sandbox.stripe.world import World

_TIMEOUT_S = 20.0
_END_S = 1.0


@dataclass(slots=True, kw_only=True)
class Switches:
    """How deliveries go. Shares are between 0 and 1, drawn by the seed."""

    endpoints: list[Json] = field(default_factory=list)
    """{url, secret, connect}: `connect` true takes connected accounts' events only, false the platform's only, null both."""
    duplicates: float = 0.0
    reorder: float = 0.0
    loss: float = 0.0
    retries: bool = True
    retry_after_s: float = 1.0
    """Doubled at each further try."""
    most_tries: int = 10
    paused: bool = False


@dataclass(slots=True)
class _Delivery:
    event: Json
    endpoint: Json
    due_at_s: float
    tries: int = 0


class Sender:
    """One thread; what it has done is in `log`."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.switches = Switches()
        self.log: list[Json] = []
        self._waiting: list[_Delivery] = []
        self._at = 0
        self._busy = False
        self._random = random.Random(0)  # noqa: S311 - chance for trials, no secret
        self._stopping = False
        self._session = requests.Session()
        self._session.trust_env = False
        self._thread: threading.Thread | None = None

    def start_with(self, told: Json) -> None:
        """Set switches (hold the world's lock). From the first endpoint on, what happens from now is sent."""
        seed = told.pop("seed", None)
        if seed is not None:
            self._random = random.Random(seed)  # noqa: S311 - as above
        if self._thread is None and told.get("endpoints"):
            self._at = len(self.world.table("event").rows)
            self._thread = threading.Thread(target=self._run, name="sandbox webhooks", daemon=True)
            self._thread.start()
        for name, value in told.items():
            if name not in Switches.__slots__:
                raise ValueError(f"switches are seed, {', '.join(Switches.__slots__)}")
            setattr(self.switches, name, value)
        self.world.endpoints = len(self.switches.endpoints)
        self.world.wake.notify_all()

    def stop(self) -> None:
        """End the thread; what was not sent stays unsent."""
        with self.world.lock:
            self._stopping = True
            self.world.wake.notify_all()
        if self._thread is not None:
            # A daemon: if its receiver hangs, it need not be waited for.
            self._thread.join(_END_S)

    def resend(self, event_id: str) -> None:
        """Send one again, as the dashboard's button does (hold the world's lock)."""
        held = self.world.table("event")
        self._plan(held.rows[held.place[event_id]])
        self.world.wake.notify_all()

    def open(self) -> int:
        """How many deliveries are not over yet, those that were given up not counted (hold the world's lock)."""
        if self._thread is None:
            return 0
        return len(self.world.table("event").rows) - self._at + len(self._waiting) + self._busy

    def _run(self) -> None:
        while True:
            with self.world.lock:
                if self._stopping:
                    return
                self._collect()
                due = self._take_due()
                if due is None:
                    self.world.wake.wait(self._wait_s())
                    continue
                self._busy = True
                body = json.dumps(due.event, separators=(",", ":"), ensure_ascii=False).encode()
            status = self._post(due, body)
            with self.world.lock:
                self._busy = False
                self._settle(due, status)

    def _collect(self) -> None:
        rows = self.world.table("event").rows
        for event in rows[self._at :]:
            self._at += 1
            if self._random.random() < self.switches.loss:
                self._note(event, None, "lost")
                self._undelivered(event, yes=True)
                continue
            self._plan(event)
            if self._random.random() < self.switches.duplicates:
                self._plan(event)

    def _plan(self, event: Json) -> None:
        now = monotonic_s()
        for endpoint in self.switches.endpoints:
            if endpoint.get("connect") in (None, "account" in event):
                late = self._random.random() * 0.2 if self._random.random() < self.switches.reorder else 0.0
                self._waiting.append(_Delivery(event, endpoint, now + late))

    def _take_due(self) -> _Delivery | None:
        now = monotonic_s()
        if not self.switches.paused:
            for place, delivery in enumerate(self._waiting):
                if delivery.due_at_s <= now:
                    return self._waiting.pop(place)
        return None

    def _wait_s(self) -> float | None:
        if self.switches.paused or not self._waiting:
            return None
        return max(0.001, min(each.due_at_s for each in self._waiting) - monotonic_s())

    def _post(self, delivery: _Delivery, body: bytes) -> int | None:
        # The signature's time is the receiver's, whatever time is played here.
        headers = stripe_headers(delivery.endpoint["secret"], body, SystemClock().now())
        with contextlib.suppress(requests.RequestException):
            answer = self._session.post(
                delivery.endpoint["url"], data=body, headers=headers, timeout=_TIMEOUT_S, allow_redirects=False
            )
            return answer.status_code
        return None

    def _settle(self, delivery: _Delivery, status: int | None) -> None:
        delivery.tries += 1
        taken = status is not None and requests.codes.ok <= status < requests.codes.multiple_choices
        self._note(delivery.event, delivery.endpoint, "taken" if taken else "refused", status=status, tries=delivery.tries)
        self._undelivered(delivery.event, yes=not taken)
        if not taken and self.switches.retries and delivery.tries < self.switches.most_tries:
            delivery.due_at_s = monotonic_s() + self.switches.retry_after_s * 2 ** (delivery.tries - 1)
            self._waiting.append(delivery)

    def _undelivered(self, event: Json, *, yes: bool) -> None:
        if yes:
            self.world.hidden.setdefault(event["id"], {})["undelivered"] = True
        else:
            self.world.hidden.pop(event["id"], None)
            event["pending_webhooks"] = 0

    def _note(self, event: Json, endpoint: Json | None, what: str, **more: Any) -> None:
        self.log.append({"event": event["id"], "type": event["type"], "url": endpoint and endpoint["url"], "what": what, **more})
