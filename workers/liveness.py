"""Heartbeats that prove a path, not a process: a queue's row is written by a message that went through its queue."""

from __future__ import annotations

from core.clock import monotonic_s
from workers.context import Context

_EVERY_S = 5.0
_last: dict[str, float] = {}

_BEAT = """INSERT INTO bursar.heartbeat (name, beat_at) VALUES (%(name)s, clock_timestamp())
           ON CONFLICT (name) DO UPDATE SET beat_at = excluded.beat_at"""
_AGE = "SELECT extract(epoch FROM clock_timestamp() - beat_at)::float8 FROM bursar.heartbeat WHERE name = %(name)s"


def beat(context: Context, name: str) -> None:
    """Say that `name` is alive; written at most every 5 s per process."""
    now = monotonic_s()
    if now - _last.get(name, -_EVERY_S) < _EVERY_S:
        return
    with context.engine.begin() as connection:
        connection.exec_driver_sql(_BEAT, {"name": name})
    _last[name] = now


def silent_for_s(context: Context, name: str) -> float | None:
    """Seconds since `name` was last heard of, by the database's clock; None when it never was."""
    with context.engine.begin() as connection:
        age: float | None = connection.exec_driver_sql(_AGE, {"name": name}).scalar()
    return age
