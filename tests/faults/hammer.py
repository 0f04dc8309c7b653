"""Full load on a receiver that is killed under it: every connection always has a request under way, each until its 200."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress

from benchmarks.events import Made, events
from core.clock import SystemClock
from providers.sandbox.sign import stripe_headers

_AGAIN_S = 0.02
_ENDLESS = 10**9


class Hammer:
    """Posts distinct events without end. `acknowledged` are the ids of those that got a 200."""

    def __init__(self, port: int, secret: str, connections: int) -> None:
        self._port, self._secret, self._connections = port, secret, connections
        self._clock = SystemClock()
        self._events: Iterator[Made] = events("payment_intent.succeeded", _ENDLESS, self._clock.now(), per_customer=_ENDLESS // 500)
        self.acknowledged: set[str] = set()
        self.refused: dict[int, int] = {}
        self.broken = 0
        self._over = False
        self._awaited, self._reached = 0, asyncio.Event()

    async def more(self, count: int) -> None:
        """Return when that many more events are acknowledged."""
        self._awaited = len(self.acknowledged) + count
        self._reached.clear()
        await self._reached.wait()

    async def run(self) -> None:
        """Post until `stop`; then each connection ends after the 200 of the event that it has in hand."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self._connections):
                group.create_task(self._post())

    def stop(self) -> None:
        """Take no further event."""
        self._over = True

    async def _post(self) -> None:
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        while not self._over:
            one, status = next(self._events), 0
            while status != 200:
                try:
                    streams = streams or await asyncio.open_connection("127.0.0.1", self._port)
                    status = await self._send(*streams, one)
                except (OSError, asyncio.IncompleteReadError):
                    self.broken += streams is not None
                    if streams:
                        streams[1].close()
                    streams = None
                if status != 200:
                    await asyncio.sleep(_AGAIN_S)
                if status not in (0, 200):
                    self.refused[status] = self.refused.get(status, 0) + 1
            self.acknowledged.add(one.event_id)
            if len(self.acknowledged) >= self._awaited:
                self._reached.set()
        if streams:
            streams[1].close()
            with suppress(OSError):
                await streams[1].wait_closed()

    async def _send(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, one: Made) -> int:
        headers = {"Host": "localhost"} | stripe_headers(self._secret, one.body, self._clock.now())
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = f"POST /webhooks/stripe HTTP/1.1\r\n{lines}Content-Length: {len(one.body)}\r\n\r\n"
        writer.write(head.encode() + one.body)
        answer = await reader.readuntil(b"\r\n\r\n")
        at = answer.lower().find(b"content-length:")
        if at >= 0:
            await reader.readexactly(int(answer[at + 15 : answer.index(b"\r\n", at)]))
        return int(answer[9:12])
