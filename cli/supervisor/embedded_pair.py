"""PostgreSQL and Redis of this copy: started unless a URL names others, started again when they die."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cli.embedded import postgres, redis
from cli.embedded.ground import Ground
from cli.supervisor.ports import Ports
from cli.supervisor.secrets import is_given
from core.clock import monotonic_s

DATABASE = "bursar"
_REVIVAL_PAUSE_S = 2.0


@dataclass
class EmbeddedPair:
    """What is embedded here; None stands for a service that runs elsewhere."""

    ground: Ground
    ports: Ports
    logs: Path
    database: postgres.Postgres | None = None
    broker: redis.Redis | None = None
    _revived_at_s: float = 0.0

    def start(self) -> None:
        """Start what no variable names, without waiting: the caller has imports to do meanwhile."""
        if not is_given("BURSAR_BROKER_URL"):
            self.broker = redis.start(self.ground, self.ports.redis, log=self._broker_log)
        if not is_given("BURSAR_DATABASE_URL"):
            self.database = postgres.start(self.ground, self.ports.postgres, log=self._database_log)

    def environment(self) -> dict[str, str]:
        """The URLs of what is embedded."""
        found = {}
        if self.database:
            found["BURSAR_DATABASE_URL"] = self.database.url(DATABASE)
        if self.broker:
            found["BURSAR_BROKER_URL"] = self.broker.url()
        return found

    def wait(self) -> None:
        """Return when they answer."""
        if self.broker:
            redis.wait_ready(self.broker, self._broker_log)
        if self.database:
            postgres.wait_ready(self.database, self._database_log)

    def revive(self) -> list[str]:
        """Start again what died, at most every two seconds; returns lines that say so."""
        said: list[str] = []
        if monotonic_s() - self._revived_at_s < _REVIVAL_PAUSE_S:
            return said
        if self.database and self.database.process.poll() is not None:
            self._revived_at_s = monotonic_s()
            said.append(f"PostgreSQL ended with {self.database.process.returncode}; starting it again")
            self.database = postgres.start(self.ground, self.ports.postgres, log=self._database_log)
        if self.broker and self.broker.process.poll() is not None:
            self._revived_at_s = monotonic_s()
            said.append(f"Redis ended with {self.broker.process.returncode}; starting it again")
            self.broker = redis.start(self.ground, self.ports.redis, log=self._broker_log)
        return said

    def stop(self) -> None:
        """Stop both, the broker first."""
        if self.broker:
            self.broker.stop()
        if self.database:
            self.database.stop()

    @property
    def _database_log(self) -> Path:
        return self.logs / "postgres.log"

    @property
    def _broker_log(self) -> Path:
        return self.logs / "redis.log"
