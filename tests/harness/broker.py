"""A Redis of one test worker, flushed for each test; or one of a test that stops and kills it."""

from __future__ import annotations

import signal
from typing import Protocol

import redis as client

from cli.embedded import ground, redis
from tests.harness.cluster import remove, scratch_folder
from tests.harness.ports import free_range


class AnyBroker(Protocol):
    """What the tests do to a broker, whichever it is."""

    port: int

    @property
    def url(self) -> str: ...

    def flush(self) -> None: ...

    def freeze(self) -> None: ...

    def thaw(self) -> None: ...

    def start(self) -> None: ...

    def kill(self) -> None: ...


class Broker:
    """A Redis server that tests may stop, kill and start again on the same port."""

    def __init__(self) -> None:
        self.folder = scratch_folder()
        self.ground = ground.settle(self.folder / "home")
        self.log = self.folder / "redis.log"
        self.port = free_range()
        self.server = self._started()

    @property
    def url(self) -> str:
        """Celery's broker URL."""
        return self.server.url()

    def flush(self) -> None:
        """Forget everything, as a broker that lost its disk."""
        with client.Redis.from_url(self.url) as connection:
            connection.flushall()

    def start(self) -> None:
        """Start again after `stop` or `kill`, empty."""
        self.server = self._started()

    def freeze(self) -> None:
        """From now on it stands still: connections stay, nobody answers."""
        self.server.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on."""
        self.server.process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """End it."""
        self.server.stop()

    def kill(self) -> None:
        """It dies at once."""
        self.server.process.send_signal(signal.SIGKILL)
        self.server.process.wait()

    def discard(self) -> None:
        """Stop and remove everything."""
        self.kill()
        for path in {self.folder, self.ground.data}:
            remove(path)

    def _started(self) -> redis.Redis:
        server = redis.start(self.ground, self.port, log=self.log, append_only=False)
        redis.wait_ready(server, self.log)
        return server
