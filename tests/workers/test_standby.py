"""The standby's own work: whatever a run or a handler does, the loop that keeps the promises goes on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import pytest

from tests.factories.inbox import NOW
from tests.harness.cluster import Database
from workers import standby as standby_module
from workers.context import Context
from workers.routing import load
from workers.standby import Standby

_SLOT = """INSERT INTO bursar.schedule_slot (job, slot_at, state, queue, ready_at)
           VALUES (%s, %s, 'due', 'maintenance', clock_timestamp() - interval '1 minute')"""


@pytest.fixture
def standby(context: Context, monkeypatch: pytest.MonkeyPatch) -> Iterator[Standby]:
    """A standby whose broker is out of reach and whose patience with silent workers is short."""
    monkeypatch.setattr("workers.hints.Hinter.broken", property(lambda _: True))
    made = Standby(context, lambda *_: None)
    yield made
    made.stop()


@pytest.mark.requirement("INBOX-15")
def test_a_failing_run_does_not_end_the_standby(
    standby: Standby, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(context: Context, slot_at: datetime) -> Mapping[str, Any]:
        raise ValueError("no luck")

    monkeypatch.setattr(load("tasks.maintenance.runs"), "verify_audit", broken)
    with database.connect() as connection:
        for job in ("verify_audit", "seal_audit"):
            connection.execute(_SLOT, [job, NOW])
        standby.step()
        found = connection.execute("SELECT job, state, error FROM bursar.schedule_slot ORDER BY job").fetchall()
    assert [row[:2] for row in found] == [("seal_audit", "done"), ("verify_audit", "due")]
    assert "no luck" in found[1][2]


def test_what_nobody_foresaw_does_not_end_the_standby(
    standby: Standby, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[int] = []

    def odd(*_: object) -> None:
        steps.append(1)
        if len(steps) == 3:
            standby.stop()
        raise LookupError("never seen before")

    monkeypatch.setattr(standby_module, "sweep", odd)
    standby.run()
    assert len(steps) == 3
