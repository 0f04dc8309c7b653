"""Kills and starves what the test runs, by a seeded die: the same seed deals the same blows in the same order."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import suppress

import psycopg

from core.clock import monotonic_s
from core.settings import Settings
from tests.harness.broker import AnyBroker
from tests.harness.processes import Processes, Running
from tests.harness.up import descendants

_STOPPED_S = 0.8


class Nemesis:
    """Runs the roles, strikes at them, and starts again what died, as a supervisor would."""

    def __init__(self, seed: int, processes: Processes, settings: Settings, broker: AnyBroker, database_url: str) -> None:
        self._random = random.Random(seed)
        self._processes, self._settings, self._broker, self._url = processes, settings, broker, database_url
        self._running: dict[str, Running] = {}
        self.blows: list[str] = []
        self._blows: dict[str, tuple[int, Callable[[], None]]] = {
            "receiver": (3, lambda: self._kill("receiver")),
            "worker": (1, lambda: self._kill("worker payments")),
            "worker child": (4, self._kill_worker_child),
            "standby": (2, lambda: self._kill("standby")),
            "beat": (1, lambda: self._kill("beat")),
            "postgres backend": (2, self._kill_backend),
            "broker forgets": (3, broker.flush),
            "broker stands still": (2, self._freeze_broker),
            "broker dies": (1, self._restart_broker),
        }

    def start(self, *roles: str) -> None:
        """Start the roles."""
        for role in roles:
            self._running[role] = self._processes.python("-m", "tests.harness.probe_process", *role.split(), settings=self._settings)

    def strike(self) -> None:
        """One blow by weight, then bring back who is dead."""
        names = list(self._blows)
        name = self._random.choices(names, [self._blows[each][0] for each in names])[0]
        self.blows.append(name)
        self._blows[name][1]()
        self.heal()

    def pause(self) -> None:
        """Between two blows."""
        end = monotonic_s() + self._random.uniform(0.2, 1.2)
        while monotonic_s() < end:
            self.heal()
            time.sleep(0.05)

    def heal(self) -> None:
        """Start what is not running."""
        for role, running in list(self._running.items()):
            if not running.alive():
                self.start(role)

    def _kill(self, role: str) -> None:
        if role in self._running:
            self._running[role].kill()

    def _kill_worker_child(self) -> None:
        main = self._running["worker payments"].pid
        children = sorted(set(descendants(main)) - {main})
        if children:
            with suppress(ProcessLookupError):
                os.kill(self._random.choice(children), signal.SIGKILL)

    def _kill_backend(self) -> None:
        """kill -9 of one backend: PostgreSQL ends all sessions and recovers."""
        with suppress(psycopg.Error), psycopg.connect(self._url, autocommit=True, connect_timeout=2) as connection:
            pids = [
                row[0]
                for row in connection.execute(
                    "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'bursar%' AND pid <> pg_backend_pid() ORDER BY pid"
                )
            ]
            if pids:
                with suppress(ProcessLookupError):
                    os.kill(self._random.choice(pids), signal.SIGKILL)

    def _freeze_broker(self) -> None:
        self._broker.freeze()
        time.sleep(_STOPPED_S)
        self._broker.thaw()

    def _restart_broker(self) -> None:
        self._broker.kill()
        time.sleep(_STOPPED_S)
        self._broker.start()
