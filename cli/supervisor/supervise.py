"""Forks the children, keeps them running, shows what matters, and takes everything down at the end."""

from __future__ import annotations

import gc
import importlib
import signal
from dataclasses import dataclass, field
from functools import partial

import psycopg
from psycopg import sql

from cli import story
from cli.embedded.errors import EmbeddedError
from cli.entries import ENTRIES, entry, run
from cli.supervisor.children import Child
from cli.supervisor.embedded_pair import DATABASE, EmbeddedPair
from cli.supervisor.screen import LogWatch, say
from core.clock import monotonic_s
from core.settings import QUEUES, Settings
from models import versions
from models.command_kinds import synchronise
from workers.routes import ROUTES

_TICK_S = 0.2
_STOP_TIMEOUT_S = 10.0
_FIRST = ("receiver", "worker-payments", "story")
_OTHERS_AFTER_S = 4.0
"""The processes that the story needs are started alone, so that they need not share the processors with the others,
which follow when it is told, and after this time in any case."""
_WATCHED_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)


@dataclass
class Supervisor:
    """Everything of one copy that runs."""

    settings: Settings
    services: EmbeddedPair
    watch: LogWatch
    lock: int
    """Descriptor of the home's lock, which no child may keep."""
    sandbox: bool = False
    """Whether stand-ins of providers run along."""
    mails: bool = False
    """Whether a mail server runs along that keeps what it gets."""
    children: list[Child] = field(default_factory=list)

    def run(self, *, tell_story: bool, began_at_s: float) -> None:
        """Until SIGINT, SIGTERM or SIGHUP; the first one ends in order, a second one at once."""
        signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED_SIGNALS)
        self._plan(tell_story=tell_story, began_at_s=began_at_s)
        for child in self.children:
            child.due_at_s = began_at_s if child.name in _FIRST or not tell_story else monotonic_s() + _OTHERS_AFTER_S
        while True:
            self._tick()
            number = signal.sigtimedwait(_WATCHED_SIGNALS, _TICK_S)
            if number is not None and number.si_signo != signal.SIGCHLD:
                return

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
        plan += [("sandbox", "sandbox", ())] if self.sandbox else []
        plan += [("mails", "mails", ())] if self.mails else []
        for name, process, arguments in plan:
            work = partial(run, process, self.settings, *arguments)
            self.children.append(Child(name, work, self.watch.add(name, errors_only=name == "flower")))
        if tell_story:
            work = partial(story.tell, self.settings, began_at_s)
            self.children.append(Child("story", work, None, lasting=False))
            self.children.append(Child("story for Flower", partial(story.tell_more, self.settings), None, lasting=False))
        gc.freeze()  # what is imported by now is shared, not copied

    def _tick(self) -> None:
        for line in self.services.revive():
            say(line, colour="red")
        for child in self.children:
            how = child.ended()
            if how is not None and child.lasting:
                say(f"{child.name} ended ({how}); starting it again in {child.back_off():g} s", colour="red")
            elif how is not None:
                self._start_others()
            elif child.is_due():
                child.start(close=(self.lock,))
        self.watch.show()

    def _start_others(self) -> None:
        for child in self.children:
            if not child.started_at_s:
                child.due_at_s = monotonic_s()

    def _reap(self) -> None:
        for child in self.children:
            child.ended()


def preload() -> None:
    """Import what the children will need, before there is anything that a fork could break."""
    for name in ENTRIES:
        entry(name)


def prepare(settings: Settings, services: EmbeddedPair) -> list[str]:
    """Wait for the services, make the database if it is embedded and new, migrate; the migrations that ran.

    Raises:
        EmbeddedError: a service did not start, or the database cannot be used or migrated.
    """
    services.wait()
    url = settings.database_url.get_secret_value()
    try:
        if services.database:
            _make_database(services.database.url("postgres"))
        ran: list[str] = []
        if versions.current(url) != versions.head():
            ran = importlib.import_module("models.migrate").migrate(url)  # Alembic: only when it is needed
        synchronise(url, ROUTES.get("app", {}))
    except (versions.MigrationError, psycopg.Error) as error:
        raise EmbeddedError(f"the database cannot be used: {error}") from error
    return ran


def _make_database(server_url: str) -> None:
    with psycopg.connect(server_url, autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))


