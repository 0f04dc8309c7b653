"""docker-compose.yml played without containers: its services' own commands, in their own environments, on this machine.

PostgreSQL and Redis are the tests' binaries, started with the file's options, logins and access lists.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
from pathlib import Path
from typing import Any

import psycopg
import redis as client
from psycopg import sql

from cli.embedded import redis as embedded
from cli.embedded.postgres import binaries
from core.clock import monotonic_s
from tests.harness.cluster import Cluster
from tests.harness.environment import AUDIT_KEY, STRIPE_SECRET, ZOOM_SECRET
from tests.harness.ports import free_range
from tests.harness.processes import ROOT, Processes, Running
from tests.harness.waiting import wait_until
from tests.operations.compose_file import example, filled

OURS = ("receiver", "payments", "payouts", "notifications", "maintenance", "calls", "beat", "standby", "flower")
_INSIDE_PORTS = {"8000": "receiver", "5555": "flower", "9464": "metrics"}


def dot_env() -> dict[str, str]:
    """.env.example, filled in."""
    values = example()
    values |= {name: secrets.token_hex(12) for name in values if name.endswith("_PASSWORD")}
    return values | {
        "BURSAR_SOURCES": "stripe,zoom", "BURSAR_STRIPE_WEBHOOK_SECRETS": STRIPE_SECRET,
        "BURSAR_ZOOM_WEBHOOK_SECRETS": ZOOM_SECRET, "BURSAR_AUDIT_KEYS": AUDIT_KEY,
        "BURSAR_FLOWER_BASIC_AUTH": "ops:" + secrets.token_hex(12), "BURSAR_WORKERS_PER_QUEUE": "1",
    }  # fmt: skip


class Stage:
    """The services of the file; `ports` are where `receiver`, `flower` and `metrics` listen here."""

    def __init__(self, cluster: Cluster, processes: Processes, folder: Path) -> None:
        self.env = dot_env()
        self.services: dict[str, Any] = filled(self.env)["services"]
        self.configs: dict[str, Any] = filled(self.env)["configs"]
        self.ports = {name: free_range() for name in (*_INSIDE_PORTS.values(), "redis")}
        self.running: dict[str, Running] = {}
        self._cluster, self._processes, self._folder = cluster, processes, folder

    def prepare_postgres(self) -> None:
        """What the postgres image does with its environment, then the file's own script."""
        given = self.services["postgres"]["environment"]
        owner = sql.Identifier(given["POSTGRES_USER"])
        with psycopg.connect(self._cluster.url(), autocommit=True) as connection:
            password = sql.Literal(given["POSTGRES_PASSWORD"])
            connection.execute(sql.SQL("CREATE ROLE {} SUPERUSER LOGIN PASSWORD {}").format(owner, password))
            database = sql.Identifier(given["POSTGRES_DB"])
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, owner))
        psql = binaries(self._cluster.ground).folder
        env = given | {
            "PATH": f"{psql}:{os.environ['PATH']}", "PGHOST": "127.0.0.1", "PGPORT": str(self._cluster.port),
            "PGPASSWORD": given["POSTGRES_PASSWORD"],
        }  # fmt: skip
        subprocess.run([ROOT / "deploy" / "postgres-logins.sh"], env=env, check=True, timeout=90)

    def start_redis(self) -> None:
        """The file's command and access list."""
        acl = self._folder / "users.acl"
        acl.write_text(self.configs["redis_users"]["content"], encoding="utf-8")
        places = {"/etc/redis/users.acl": str(acl), "/data": str(self._folder)}
        command = [places.get(word, word) for word in self.services["redis"]["command"]]
        program = str(embedded.binary(self._cluster.ground))
        port = str(self.ports["redis"])
        self._processes.start([program, *command[1:], "--port", port, "--bind", "127.0.0.1"])
        wait_until(self._answers, what="Redis")

    def environment(self, name: str) -> dict[str, str]:
        """A service's environment, with this machine's addresses."""
        given = {**self.services[name]["environment"], "BURSAR_HOME": str(self._folder / "state")}
        given |= {f"BURSAR_{wanted.upper()}_PORT": str(self.ports[wanted]) for wanted in _INSIDE_PORTS.values()}
        addresses = {
            "@postgres:5432/": f"@127.0.0.1:{self._cluster.port}/", "@redis:6379/": f"@127.0.0.1:{self.ports['redis']}/",
            "0.0.0.0": "127.0.0.1",
        }  # fmt: skip
        for there, here in addresses.items():
            given = {variable: value.replace(there, here) for variable, value in given.items()}
        return given

    def start(self, name: str) -> Running:
        """Start a service's command."""
        self.running[name] = self._processes.bursar(*self.services[name]["command"], env=self.environment(name))
        return self.running[name]

    def once(self, name: str, *more: str) -> Running:
        """Run a service's command, with further arguments, that ends by itself."""
        return self._processes.bursar(*self.services[name]["command"], *more, env=self.environment(name))

    def check(self, name: str) -> Running:
        """Run a service's health check."""
        kind, program, *arguments = self.services[name]["healthcheck"]["test"]
        assert (kind, program) == ("CMD", "python")
        for inside, wanted in _INSIDE_PORTS.items():
            arguments = [word.replace(f":{inside}/", f":{self.ports[wanted]}/") for word in arguments]
        return self._processes.python(*arguments, env=self.environment(name))

    def stop_all(self) -> float:
        """SIGTERM to all at once; the seconds until the last one is gone."""
        began_at_s = monotonic_s()
        for running in self.running.values():
            running.signal(signal.SIGTERM)
        for name, running in self.running.items():
            assert running.wait() == 0, f"{name}: {running.output()}"
        return monotonic_s() - began_at_s

    def broker(self, name: str) -> client.Redis:
        """A connection with a service's own login."""
        return client.Redis.from_url(self.environment(name)["BURSAR_BROKER_URL"])

    def _answers(self) -> bool:
        try:
            with self.broker("flower") as connection:
                return bool(connection.ping())
        except client.ConnectionError:
            return False
