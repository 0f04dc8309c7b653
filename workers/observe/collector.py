"""One scrape: the shared counters, what the tables say, and how many messages wait in the broker.

It answers also when PostgreSQL or the broker are away; that is when it is needed most.
"""

from __future__ import annotations

import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator

import structlog
from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from core.clock import monotonic_s
from core.settings import QUEUES
from core.version import VERSION
from workers.context import Context
from workers.observe.catalogue import gauge
from workers.observe.shared_values import folder
from workers.observe.tables import tables

log = structlog.get_logger(__name__)

_READ_TRIES = 20
_READ_WAIT_S = 0.05

_FRESH_S = 2.0
"""Two scrapers, or an eager one, make no more statements than one each 2 s."""
_STATEMENT_MS = 3_000


Depth = Callable[[str], int | None]


class Looks(Collector):
    """PostgreSQL and the broker, looked at on demand. `depth` says how many messages wait in a queue, or None."""

    def __init__(self, context: Context, depth: Depth) -> None:
        self._context = context
        self._depth = depth
        self._turn = threading.Lock()
        self._seen: list[Metric] = []
        self._seen_at_s = -_FRESH_S

    def describe(self) -> list[Metric]:
        """Nothing: asking the tables at registration would need them to be there."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The families; at most 2 s old."""
        with self._turn:
            if monotonic_s() - self._seen_at_s >= _FRESH_S:
                self._seen = [*self._database(), *self._broker(), _build()]
                self._seen_at_s = monotonic_s()
            return iter(self._seen)

    def _database(self) -> list[Metric]:
        found: list[Metric] = []
        try:
            with self._context.engine.begin() as connection:
                connection.exec_driver_sql(f"SET LOCAL statement_timeout = {_STATEMENT_MS}")
                found = list(tables(connection, self._context.clock.now()))
        except SQLAlchemyError as error:
            log.warning(
                "metrics_without_database", error=str(error)[:300], effect="gauges of the tables are absent from this scrape"
            )
        return [gauge("bursar_database_up", float(bool(found))), *found]

    def _broker(self) -> list[Metric]:
        waiting = gauge("bursar_broker_messages")
        depths = {name: self._depth(name) for queue in QUEUES for name in (queue, f"{queue}.calls")}
        for name, messages in depths.items():
            if messages is not None:
                waiting.add_metric([name], messages)
        reachable = all(messages is not None for messages in depths.values())
        return [gauge("bursar_broker_up", float(reachable)), waiting]


class SharedCounters(MultiProcessCollector):
    """The counters of all processes. A file that was just made is empty for a moment: then all are read again."""

    def collect(self) -> Iterable[Metric]:
        """As the base class, patiently.

        Raises:
            struct.error: a file stayed unreadable.
        """
        for _ in range(_READ_TRIES):
            try:
                return list(super().collect())  # type: ignore[no-untyped-call]
            except struct.error:
                time.sleep(_READ_WAIT_S)
        return list(super().collect())  # type: ignore[no-untyped-call]


def registry(context: Context, depth: Depth) -> CollectorRegistry:
    """Everything that a scrape of the standby shows."""
    made = CollectorRegistry(auto_describe=False)
    place = folder(context.settings)
    if place.is_dir():
        SharedCounters(made, path=str(place))  # type: ignore[no-untyped-call]
    made.register(Looks(context, depth))
    return made


def _build() -> Metric:
    build = gauge("bursar_build_info")
    build.add_metric([VERSION], 1)
    return build
