"""Forks the children, keeps them running, shows what matters, and takes everything down at the end."""

from __future__ import annotations

import gc
import signal
from dataclasses import dataclass, field
from functools import partial

import psycopg
from psycopg import sql

from cli import story
from cli.entries import ENTRIES, entry, run
from cli.supervisor.children import Child
from cli.supervisor.screen import LogWatch, say
from cli.supervisor.services import DATABASE, Services
from core.clock import monotonic_s
from core.settings import QUEUES, Settings
from models import migrate

_TICK_S = 0.2
_STOP_TIMEOUT_S = 10.0
_WATCHED_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)


@dataclass
class Supervisor:
    """Everything of one copy that runs."""

    settings: Settings
    services: Services
    watch: LogWatch
    lock: int
    """Descriptor of the home's lock, which no child may keep."""
    children: list[Child] = field(default_factory=list)

    def run(self, *, tell_story: bool, began_at_s: float) -> None:
        """Until SIGINT, SIGTERM or SIGHUP; the first one ends in order, a second one at once."""
        signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED_SIGNALS)
        self._plan(tell_story=tell_story, began_at_s=began_at_s)
        for child in self.children:
            child.start(close=(self.lock,))
        while True:
            number = signal.sigtimedwait(_WATCHED_SIGNALS, _TICK_S)
            if number is not None and number.si_signo != signal.SIGCHLD:
                return
            self._tick()

    def stop(self) -> None:
        """End the children, then the services. Returns when nothing of ours runs any more."""
        signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED_SIGNALS)
        for child in self.children:
            child.terminate()
        deadline = monotonic_s() + _STOP_TIMEOUT_S
        while any(child.pid is not None for child in self.children) and monotonic_s() < deadline:
            number = signal.sigtimedwait(_WATCHED_SIGNALS, 0.05)
            if number is not None and number.si_signo != signal.SIGCHLD:
                break
            self._reap()
        for child in self.children:
            child.kill_group()
        while any(child.pid is not None for child in self.children):
            self._reap()
            signal.sigtimedwait(_WATCHED_SIGNALS, 0.02)
        self.services.stop()

    def _plan(self, *, tell_story: bool, began_at_s: float) -> None:
        plan: list[tuple[str, str, tuple[str, ...]]] = [("receiver", "receiver", ())]
        plan += [(f"worker-{queue}", "worker", (queue,)) for queue in QUEUES]
        plan += [(name, name, ()) for name in ("standby", "calls", "beat", "flower")]
        for name, process, arguments in plan:
            work = partial(run, process, self.settings, *arguments)
            self.children.append(Child(name, work, self.watch.add(name)))
        if tell_story:
            work = partial(story.tell, self.settings, began_at_s)
            self.children.insert(5, Child("story", work, None, lasting=False))
        gc.freeze()  # what is imported by now is shared, not copied

    def _tick(self) -> None:
        for line in self.services.revive():
            say(line, colour="red")
        for child in self.children:
            how = child.ended()
            if how is not None and child.lasting:
                say(f"{child.name} ended ({how}); starting it again in {child.back_off():g} s", colour="red")
            elif child.is_due() and child.started_at_s:
                child.start(close=(self.lock,))
        self.watch.show()

    def _reap(self) -> None:
        for child in self.children:
            child.ended()


def preload() -> None:
    """Import what the children will need, before there is anything that a fork could break."""
    for name in ENTRIES:
        entry(name)


def prepare(settings: Settings, services: Services) -> list[str]:
    """Wait for the services, make the database if it is embedded and new, migrate; the migrations that ran.

    Raises:
        MigrationError: this code is older than the database.
        psycopg.Error: the database cannot be used.
        EmbeddedError: a service did not start.
    """
    services.wait()
    url = settings.database_url.get_secret_value()
    if services.database:
        _make_database(services.database.url("postgres"))
    return [] if migrate.current(url) == migrate.head() else migrate.migrate(url)


def _make_database(server_url: str) -> None:
    with psycopg.connect(server_url, autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))


