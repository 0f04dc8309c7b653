"""The scheduled runs of the audit, through their slots: sealed each minute, verified each day (AUDIT-3)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from core.clock import FixedClock
from core.crypto import KeyRing
from tests.factories.audit import make_row, store_rows
from tests.factories.inbox import NOW
from tests.harness.cluster import Database
from workers.context import Context, make_context
from workers.slots import RunFailedError, run


@pytest.fixture
def context(database: Database) -> Iterator[Context]:
    """A maintenance worker, with five audit rows written under its keys."""
    made = make_context(database.settings(), clock=FixedClock(NOW))
    keys = KeyRing.from_settings(made.settings)
    with database.connect() as connection:
        store_rows(connection, [make_row(number, keys=keys) for number in range(5)])
    yield made
    made.engine.dispose()


def _run(database: Database, context: Context, job: str, day: int = 0) -> dict[str, Any]:
    at = NOW + timedelta(days=day)
    with database.connect() as connection:
        connection.execute(
            "INSERT INTO bursar.schedule_slot (job, slot_at, state, queue) VALUES (%s, %s, 'due', 'maintenance')",
            [job, at],
        )
        try:
            run(context, "maintenance", job, at.isoformat())
        except RunFailedError as error:
            return {"error": str(error)}
        found = connection.execute("SELECT result FROM bursar.schedule_slot WHERE (job, slot_at) = (%s, %s)", [job, at])
        row = found.fetchone()
    assert row is not None
    return dict(row[0])


@pytest.mark.requirement("AUDIT-3")
def test_rows_are_sealed_and_verified(database: Database, context: Context) -> None:
    assert _run(database, context, "seal_audit") == {"sealed": 5}

    result = _run(database, context, "verify_audit")

    assert (result["checked"], result["sealed"], result["unsealed"]) == (5, 5, 0)
    assert result["head"].startswith("5:")


def test_a_large_audit_is_verified_in_turns(
    database: Database, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.maintenance.runs._VERIFY_CHUNK", 2)
    monkeypatch.setattr("tasks.maintenance.runs._VERIFY_BUDGET_S", -1.0)
    _run(database, context, "seal_audit")

    turns = [_run(database, context, "verify_audit", day) for day in range(4)]

    assert [(turn["sealed"], turn["unfinished"]) for turn in turns] == [(2, True), (2, True), (1, False), (2, True)]
    monkeypatch.setattr("tasks.maintenance.runs._VERIFY_BUDGET_S", 60.0)
    whole = _run(database, context, "verify_audit", 4)
    assert (whole["sealed"], whole["unfinished"]) == (3, False)


@pytest.mark.requirement("AUDIT-3")
@pytest.mark.parametrize(
    ("tampering", "words"),
    [
        ("UPDATE bursar.audit SET actor = 'nobody' WHERE object_id = 'sub_2'", "seal 3, audit row 3"),
        ("DELETE FROM bursar.audit_seal WHERE seq = 5; DELETE FROM bursar.audit WHERE id = 5", "its end was cut off"),
    ],
)
def test_the_daily_verification_fails_loudly(database: Database, context: Context, tampering: str, words: str) -> None:
    _run(database, context, "seal_audit")
    _run(database, context, "verify_audit")
    with database.connect() as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(tampering)

    failed = _run(database, context, "verify_audit", day=1)["error"]

    assert words in failed
    assert "Next: " in failed
