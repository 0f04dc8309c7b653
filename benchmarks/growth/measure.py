"""What is measured on a database of one size. Each thing is a number per event, or milliseconds of something done often."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks import product
from benchmarks.cpu import tree_us
from benchmarks.growth.yard import Yard
from benchmarks.processing.drainers import race
from benchmarks.steady import Plan
from cli.embedded.ports import any_free
from cli.inbox import groups
from cli.inbox.filters import Filter
from cli.inbox.query import find
from core.clock import SystemClock, monotonic_s
from core.settings import Settings
from tasks.maintenance import runs as maintenance
from tasks.notifications import runs as notifications
from tests.harness.cluster import Database
from tests.harness.environment import STRIPE_SECRET
from workers import inbox
from workers.context import Context, make_context
from workers.hints import Hinter
from workers.observe.tables import tables
from workers.routing import preload
from workers.sweep import sweep

_CONNECTIONS = 64
_WARM_UP = 500
_ALONE = 40
_TIMES = 15
_FAR = 10**12

# Name of a measurement -> its unit.
UNITS = {
    "door: rate": "events/s",
    "door: receiver": "us/event",
    "door: PostgreSQL": "us/event",
    "workers: rate": "events/s",
    "workers: worker": "us/event",
    "workers: PostgreSQL": "us/event",
    "one event alone, claim to commit": "ms",
    "one sweep": "ms",
    "one scrape of the metrics": "ms",
    "run alert_dead_letters": "ms",
    "run reopen_ignored": "ms",
    "run seal_audit": "ms",
    "inbox ls": "ms",
    "inbox ls --object": "ms",
    "inbox ls --state dead": "ms",
    "inbox groups": "ms",
    "run retention": "ms",
    "longest delivery meanwhile": "ms",
}
RATES = ("door: rate", "workers: rate")

Results = dict[str, float]


@dataclass(frozen=True)
class Place:
    """A database of one size and what is started on it."""

    under: Yard
    database: Database
    settings: Settings
    events: int

    def first(self) -> int:
        """A number from which on no event has been posted here."""
        with self.database.connect() as connection:
            row = connection.execute("SELECT coalesce(max(id), 0) FROM bursar.inbox").fetchone()
        return _FAR + 10 * (row[0] if row else 0)

    def plan(self, count: int, *, per_s: float = 0, connections: int = _CONNECTIONS) -> Plan:
        """Posts to the receiver, a fifth as many customers as events."""
        return Plan(
            port=self.settings.receiver_port, secret=STRIPE_SECRET, count=count, per_s=per_s, connections=connections,
            customers=max(1, count // 5), first=self.first(),
        )  # fmt: skip


def at(under: Yard, database: Database, events: int) -> Place:
    """The place of a database."""
    return Place(under, database, under.settings(database, receiver_port=any_free()), events)


def per_event(place: Place) -> Results:
    """The way of an event: posted to the receiver as shipped, then drained by two processes."""
    found: Results = {}
    with place.database.connect() as connection:
        connection.execute("CHECKPOINT")
        receiver = product.start(place.under.processes, place.settings, ("receiver",))["receiver"]
        product.post(place.plan(_WARM_UP), place.settings.home)
        marks: list[Any] = []

        def begin() -> None:
            plan, before, postgres = place.plan(place.events), tree_us(receiver.pid), place.under.postgres_us()
            said = product.post(plan, place.settings.home)
            found["door: receiver"] = (tree_us(receiver.pid) - before) / place.events
            found["door: PostgreSQL"] = (place.under.postgres_us() - postgres) / place.events
            found["door: rate"] = place.events / said.seconds
            if said.others:
                raise SystemExit(f"answers other than 200: {said.others}")
            marks.extend((SystemClock().now(), place.under.postgres_us()))

        try:
            drained = race("product", place.settings, place.database.url, begin)
        finally:
            receiver.kill()
        found["workers: PostgreSQL"] = (place.under.postgres_us() - marks[1]) / place.events
        found["workers: worker"] = sum(part.cpu_us for part in drained) / place.events
        row = connection.execute(
            "SELECT max(done_at), count(*) FROM bursar.inbox WHERE done_at >= %s AND id > (SELECT max(id) FROM bursar.inbox) - %s",
            [marks[0], place.events],
        ).fetchone()
        if row is None or row[1] != place.events:
            raise SystemExit(f"{row and row[1]} of {place.events} events are done")
        found["workers: rate"] = place.events / (row[0] - marks[0]).total_seconds()
    return found


def in_rest(place: Place) -> Results:
    """What is done by schedule and from the command line, and one event on its own; the best of several, which is what others
    on the machine disturb least."""
    now = SystemClock().now()
    newest: Filter = Filter(object=_object(place))
    with surroundings(place) as (context, hinter):
        steps: dict[str, Callable[[], object]] = {
            "one sweep": lambda: sweep(context, hinter),
            "one scrape of the metrics": _reading(context, lambda connection: list(tables(connection, now))),
            "run alert_dead_letters": lambda: notifications.alert_dead_letters(context, now),
            "run reopen_ignored": lambda: maintenance.reopen_ignored(context, now),
            "run seal_audit": lambda: maintenance.seal_audit(context, now),
            "inbox ls": _reading(context, lambda connection: find(connection, Filter(), 50)),
            "inbox ls --object": _reading(context, lambda connection: find(connection, newest, 50)),
            "inbox ls --state dead": _reading(context, lambda connection: find(connection, Filter(states=("dead",)), 50)),
            "inbox groups": _reading(context, lambda connection: groups._read(connection, "dead", 50)),
        }
        found = {name: _best_ms(step, _TIMES) for name, step in steps.items()}
        found["one event alone, claim to commit"] = _alone_ms(place, context)
    return found


def month_goes(place: Place) -> Results:
    """Retention drops the oldest month, a fifth of all payloads, while deliveries come at a steady rate."""
    receiver = product.start(place.under.processes, place.settings, ("receiver",))["receiver"]
    try:
        product.post(place.plan(_WARM_UP), place.settings.home)
        generator = product.Generator(place.plan(1200, per_s=200, connections=8), place.settings.home)
        with surroundings(place) as (context, _), ThreadPoolExecutor(1) as pool:
            generator.go()
            answers = pool.submit(generator.result)
            began_s = monotonic_s()
            result = maintenance.retention(context, SystemClock().now())
            took_ms = (monotonic_s() - began_s) * 1000
            said = answers.result()
    finally:
        receiver.kill()
    if not result["months_dropped_and_payloads_kept"] or said.others:
        raise SystemExit(f"retention: {result}; answers other than 200: {said.others}")
    return {"run retention": took_ms, "longest delivery meanwhile": max(said.latencies_ms)}


@contextmanager
def surroundings(place: Place) -> Iterator[tuple[Context, Hinter]]:
    """A worker's, in this process."""
    preload()
    context, hinter = make_context(place.settings), Hinter(place.settings.broker_url.get_secret_value())
    try:
        yield context, hinter
    finally:
        hinter.close()
        context.engine.dispose()


def _alone_ms(place: Place, context: Context) -> float:
    """Events that come one by one to an idle worker; the door is not part of it."""
    with place.database.connect() as connection:
        chosen = connection.execute(
            "SELECT id FROM bursar.inbox WHERE state = 'done' AND queue = 'payments' ORDER BY id DESC LIMIT %s", [_ALONE]
        ).fetchall()
        times = []
        for (row_id,) in chosen:
            # Its effects are there already: what is measured is the machine, not the handler.
            connection.execute(_AGAIN, [row_id])
            began_s = monotonic_s()
            if inbox.drain(context, "payments").done != 1:
                raise SystemExit(f"event {row_id} was not done")
            times.append((monotonic_s() - began_s) * 1000)
    return min(times)


_AGAIN = "UPDATE bursar.inbox SET state = 'received', done_at = NULL, ready_at = clock_timestamp() WHERE id = %s"


def _object(place: Place) -> str:
    with place.database.connect() as connection:
        row = connection.execute(
            "SELECT object_id FROM bursar.inbox WHERE id = (SELECT max(id) / 2 FROM bursar.inbox)"
        ).fetchone()
    return str(row[0]) if row else ""


def _reading(context: Context, read: Callable[[Any], object]) -> Callable[[], object]:
    def step() -> object:
        with context.engine.begin() as connection:
            return read(connection)

    return step


def _best_ms(step: Callable[[], object], times: int) -> float:
    took = []
    for _ in range(times):
        began_s = monotonic_s()
        step()
        took.append((monotonic_s() - began_s) * 1000)
    return min(took)
