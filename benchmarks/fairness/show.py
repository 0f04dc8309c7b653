"""The show itself, for the benchmark at full size and for the test at a smaller one."""

from __future__ import annotations

from bisect import bisect
from dataclasses import dataclass

from benchmarks import product
from benchmarks.steady import Plan
from core.settings import Settings
from tests.harness.cluster import Database
from tests.harness.environment import STRIPE_SECRET
from tests.harness.processes import Processes

GOAL_MS = 1000.0
OTHERS = 10
_FLOOD = 10**15
_CONNECTIONS = 64


@dataclass(frozen=True)
class Shown:
    """Sorted times from the 200 to the commit of the effects, and how long posting the flood took.

    `before`: how many of the flood's events were done while one of the others waited, sorted. In line behind the flood it
    would be as many as were waiting; it is a measure that a busy machine does not change.
    """

    others_ms: list[float]
    flood_ms: list[float]
    posted_s: float
    before: list[int]


def run(processes: Processes, settings: Settings, database: Database, events: int, seconds: int) -> Shown:
    """Flood and others at once, through the real receiver and real workers; every event's fate is checked."""
    running = product.start(processes, settings)
    port, calm = settings.receiver_port, seconds * OTHERS
    generators = [
        product.Generator(Plan(port, STRIPE_SECRET, calm, OTHERS, OTHERS, OTHERS), database.home),
        product.Generator(Plan(port, STRIPE_SECRET, events, 0, _CONNECTIONS, 1, _FLOOD), database.home),
    ]
    try:
        for one in generators:
            one.go()
        others, flood = [one.result() for one in generators]
        assert not others.others, f"the others were refused: {others.others}"
        with database.connect() as connection:
            product.await_settled(connection, calm + len(flood.answered))
            done = product.committed(connection, others.answered | flood.answered)
        # What came after the flood was gone proves nothing.
        gone = sorted(done[event_id] for event_id in flood.answered)
        beside = {event_id: at for event_id, at in others.answered.items() if at < gone[-1]}
        return Shown(
            product.latencies_ms(beside, done),
            product.latencies_ms(flood.answered, done),
            flood.seconds,
            sorted(bisect(gone, done[event_id]) - bisect(gone, at) for event_id, at in beside.items()),
        )
    finally:
        for generator in generators:
            generator.kill()
        for role in running.values():
            role.kill()
