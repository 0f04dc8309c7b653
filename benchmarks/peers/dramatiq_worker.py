"""dramatiq over Redis as its guide shows it: an actor, `send`, default settings, 2 processes with 8 threads each.

Run as a program it publishes one message for each waiting event.
"""

from __future__ import annotations

import os
import threading
from typing import Any

import dramatiq  # type: ignore[import-not-found]  # only in the peers' environment
import psycopg
from dramatiq.brokers.redis import RedisBroker  # type: ignore[import-not-found]  # likewise

from benchmarks.peers import job

dramatiq.set_broker(RedisBroker(url=os.environ["PEER_BROKER"]))
_own = threading.local()


def _connection() -> psycopg.Connection[Any]:
    """One for each thread."""
    if not hasattr(_own, "connection"):
        _own.connection = psycopg.connect(os.environ["PEER_DATABASE"], autocommit=True)
    return _own.connection  # type: ignore[no-any-return]  # a thread's own things have no types


@dramatiq.actor  # type: ignore[untyped-decorator]  # dramatiq is not there for mypy
def handle(row_id: int) -> None:
    """One message, one job."""
    job.do(_connection(), row_id)


if __name__ == "__main__":
    with psycopg.connect(os.environ["PEER_DATABASE"]) as reading:
        for (waiting,) in reading.execute(job.PENDING).fetchall():
            handle.send(waiting)
