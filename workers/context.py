"""What every part of a worker process needs, made once per process and passed along: settings, engine, clock, keys."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from sqlalchemy import Engine

from core.clock import Clock, SystemClock
from core.crypto import KeyRing
from core.settings import Settings, current
from models.database import make_engine


@dataclass(frozen=True, slots=True)
class Context:
    """A process's surroundings."""

    settings: Settings
    engine: Engine
    clock: Clock
    keys: KeyRing
    turn_s: float | None = None
    """How long a turn of a long run lasts here; None: as long as the run itself thinks right."""


def make_context(settings: Settings, *, application: str = "bursar-worker", clock: Clock | None = None) -> Context:
    """Build a context.

    Raises:
        ValueError: `BURSAR_DATABASE_URL` or `BURSAR_AUDIT_KEYS` is missing; the message says what to set.
    """
    if not settings.database_url.get_secret_value():
        raise ValueError(
            "BURSAR_DATABASE_URL is not set: nothing can be processed; set it, or run `bursar up`, which brings a database"
        )
    engine = make_engine(settings.database_url.get_secret_value(), application=application)
    return Context(settings=settings, engine=engine, clock=clock or SystemClock(), keys=KeyRing.from_settings(settings))


@cache
def process_context() -> Context:
    """This process's context, from its environment. A forked child must call `forget` first."""
    return make_context(current())


def forget() -> None:
    """After a fork: the parent's sockets stay the parent's."""
    if process_context.cache_info().currsize:
        process_context().engine.dispose(close=False)
    process_context.cache_clear()
