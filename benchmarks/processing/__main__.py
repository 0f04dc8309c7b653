"""`python3 dev.py bench processing`: interleaved rounds of all contestants, medians, ratios against the floor."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import table
from benchmarks.events import SAME_JOB, TYPES, events
from benchmarks.ground import Ground, ground, store
from benchmarks.peers.environment import peers
from benchmarks.processing import tutorial, workers
from benchmarks.processing.drainers import race
from benchmarks.processing.libraries import BATCH, DRAMATIQ, PGQUEUER, drained_by
from core.clock import SystemClock
from tests.harness.cluster import Database

AT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
_WARM_UP = 300
_FAR = 10**15
FLOOR = "floor: psycopg, batches of 50"
TUTORIAL = "Celery, one message per event"


@dataclass(frozen=True)
class Contestant:
    """Who runs on what. `role`: floor, product (two draining processes), celery (real workers), a task of tutorial.py, or a library."""

    name: str
    role: str
    event_type: str
    bad_every: int = 0
    share: int = 1
    """One event in so many of the others' is enough for the slow ones."""


CONTESTANTS = (
    Contestant(FLOOR, "floor", SAME_JOB),
    Contestant("product, the floor's job", "product", SAME_JOB),
    Contestant("product, the floor's job, 1 bad in 500", "product", SAME_JOB, bad_every=500),
    Contestant("product in Celery workers, the floor's job", "celery", SAME_JOB),
    *(Contestant(f"product, {event_type}", "product", event_type) for event_type in TYPES),
    *(Contestant(f"product, {event_type}, 1 bad in 500", "product", event_type, bad_every=500) for event_type in TYPES[::2]),
    Contestant("product in Celery workers, invoice.paid", "celery", "invoice.paid"),
    Contestant(TUTORIAL, tutorial.handle.name, SAME_JOB, share=4),
    Contestant("Celery, one message per event, ORM", tutorial.handle_by_orm.name, SAME_JOB, share=6),
    Contestant("Celery, tasks that do nothing", tutorial.nothing.name, SAME_JOB, share=4),
    Contestant("dramatiq, one message per event", DRAMATIQ, SAME_JOB, share=2),
    Contestant(f"PgQueuer, batches of {BATCH}", PGQUEUER, SAME_JOB, share=2),
)
LIBRARIES = (DRAMATIQ, PGQUEUER)


@dataclass(frozen=True)
class Result:
    """One round of one contestant."""

    per_s: float
    worker_us: float
    postgres_us: float


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="python3 dev.py bench processing", description=__doc__)
    parser.add_argument("--events", type=int, default=6000, help="events per round (default 6000)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds (default 3)")
    parser.add_argument("--only", default="", help="only contestants whose name has this in it, and the floor")
    asked = parser.parse_args()
    chosen = [one for one in CONTESTANTS if asked.only in one.name or one.name == FLOOR]
    python = peers() if any(one.role in LIBRARIES for one in chosen) else None
    chosen = [one for one in chosen if python or one.role not in LIBRARIES]
    results: dict[str, list[Result]] = {one.name: [] for one in chosen}
    with ground() as under:
        print(table.machine(under.version))
        print(f"{asked.events} events a round (other queues a quarter or half), {asked.rounds} interleaved rounds, medians")
        for number in range(asked.rounds):
            for one in chosen:
                result = run(under, one, asked.events // one.share, python)
                results[one.name].append(result)
                print(f"  round {number + 1}: {one.name}: {result.per_s:.0f}/s", flush=True)
            report(results)


def run(under: Ground, one: Contestant, count: int, python: Path | None) -> Result:
    """One contestant on a fresh database; every event's fate is checked."""
    source = "probe" if one.event_type == SAME_JOB else "stripe"
    clock = SystemClock()
    with under.database() as database, database.connect() as connection:
        store(connection, events(one.event_type, _WARM_UP, AT, first=_FAR), AT, source)
        marks: list[tuple[datetime, int]] = []

        def begin() -> None:
            made = events(one.event_type, count, AT, bad_every=one.bad_every)
            store(connection, made, AT, source)

        def go() -> None:
            # Publishing is over: what waits in a broker before the first message is taken is nobody's time.
            marks.append((clock.now(), under.postgres_us()))

        worker_us = _run(one, under, database, python, begin, go)
        postgres_us = under.postgres_us() - marks[0][1]
        row = connection.execute(
            "SELECT count(*) FILTER (WHERE state = 'done'), count(*) FILTER (WHERE state = 'waiting'), max(done_at) FROM bursar.inbox"
        ).fetchone()
        assert row is not None
        bad = sum(1 for number in range(count) if one.bad_every and number % one.bad_every == one.bad_every // 2)
        if row[:2] != (count + _WARM_UP - bad, bad):
            raise SystemExit(f"{one.name}: {row[0]} done and {row[1]} waiting, expected {count + _WARM_UP - bad} and {bad}")
        return Result(count / (row[2] - marks[0][0]).total_seconds(), worker_us / count, postgres_us / count)


def _run(
    one: Contestant, under: Ground, database: Database, python: Path | None, begin: Callable[[], None], go: Callable[[], None]
) -> int:
    if one.role == "celery":
        return workers.product(under, database, begin, go)
    if one.role.startswith("tutorial."):
        return workers.one_message_each(under, database, one.role, begin, go)
    if one.role in LIBRARIES:
        assert python is not None
        return drained_by(one.role, under, database, python, begin, go)

    def both() -> None:
        begin()
        go()

    drained = race(one.role, under.settings(database), database.url, both)
    return sum(part.cpu_us for part in drained)


def report(results: dict[str, list[Result]]) -> None:
    """The table."""
    per_s = {name: table.median([one.per_s for one in rounds]) for name, rounds in results.items()}
    rows = []
    for name, rounds in results.items():
        worker, postgres = (table.median(part) for part in zip(*((one.worker_us, one.postgres_us) for one in rounds), strict=True))
        base = table.median([one.worker_us + one.postgres_us for one in results[FLOOR]])
        times = f"{per_s[name] / per_s[TUTORIAL]:.1f}" if TUTORIAL in per_s else "-"
        rows.append(
            [name, f"{per_s[name]:,.0f}", f"{worker:.0f}", f"{postgres:.0f}", f"{per_s[name] / per_s[FLOOR]:.2f}",
             f"{(worker + postgres) / base:.2f}", times]
        )
    columns = ["contestant", "events/s", "worker us", "PostgreSQL us", "rate / floor", "cost / floor", "x Celery"]
    table.show("Two worker processes", columns, rows)


if __name__ == "__main__":
    main()
