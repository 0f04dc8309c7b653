"""A provider as it is: posts signed events, and posts again whatever was not answered with 2xx."""

from __future__ import annotations

import http.client
import json
import queue
import threading
import time
from typing import Any

from core.clock import SystemClock, monotonic_s
from providers.sandbox.sign import stripe_headers

_TIMEOUT_S = 5.0
_AGAIN_S = 0.05


def stripe_event(event_id: str, event_type: str, created: int, thing: dict[str, Any]) -> bytes:
    """A minimal snapshot event."""
    return json.dumps(
        {
            "id": event_id, "object": "event", "api_version": "2026-10-28.endive", "created": created, "livemode": False,
            "type": event_type, "data": {"object": thing},
        }
    ).encode()  # fmt: skip


class Provider:
    """Some connections that post events from one list, each until it is acknowledged."""

    def __init__(self, port: int, secret: str, connections: int = 8) -> None:
        self._port, self._secret = port, secret
        self._work: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self.acknowledged: dict[str, float] = {}
        self.refused: list[tuple[str, int]] = []
        self.tries = 0
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._post, daemon=True) for _ in range(connections)]

    def start(self, events: list[tuple[str, bytes]]) -> None:
        """Begin to post."""
        for event in events:
            self._work.put(event)
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End, whatever is left."""
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _post(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_TIMEOUT_S)
        while not self._stopped.is_set():
            try:
                event_id, body = self._work.get(timeout=0.1)
            except queue.Empty:
                continue
            self.tries += 1
            try:
                status = self._send(connection, body)
            except (OSError, http.client.HTTPException):
                status = 0
            if status == 200:
                self.acknowledged[event_id] = monotonic_s()
                continue
            if status not in (0, 503):
                self.refused.append((event_id, status))
            connection.close()  # opens again by itself
            self._work.put((event_id, body))
            time.sleep(_AGAIN_S)
        connection.close()

    def _send(self, connection: http.client.HTTPConnection, body: bytes) -> int:
        headers = stripe_headers(self._secret, body, SystemClock().now())
        connection.request("POST", "/webhooks/stripe", body, headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status
