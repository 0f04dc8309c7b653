"""The real beat process: two of it, none for three days, killed; it keeps no file, so none can be lost (promise 6)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from schedules.table import TABLE
from tests.harness.cluster import Database
from tests.harness.processes import Processes
from tests.harness.waiting import wait_until

_DOUBLE = "SELECT job FROM bursar.schedule_slot GROUP BY job, slot_at HAVING count(*) > 1"


def asked(database: Database, sql: str) -> list[tuple[Any, ...]]:
    """Rows."""
    with database.connect() as connection:
        return connection.execute(sql.encode()).fetchall()


def ticks(database: Database) -> Any:
    """When the last tick was."""
    found = asked(database, "SELECT database_at FROM bursar.schedule_tick")
    return found[0][0] if found else None


@pytest.mark.requirement("INBOX-15")
def test_beats_make_each_slot_once_though_killed_doubled_and_away_for_three_days(
    database: Database, processes: Processes, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    env = {"HOME": str(home), "TMPDIR": str(home)}
    first = processes.bursar("beat", settings=database.settings(), env=env)
    wait_until(lambda: len({row[0] for row in asked(database, "SELECT job FROM bursar.schedule_slot")}) == len(TABLE), what="slots")
    first.kill()
    # As if nobody had ticked for three days: not the host's clock, so what tells is the host's uptime.
    with database.connect() as connection:
        connection.execute("UPDATE bursar.schedule_slot SET slot_at = slot_at - interval '3 days'")
        connection.execute(
            "UPDATE bursar.schedule_tick SET uptime_s = uptime_s - 259200, business_at = business_at - interval '3 days', "
            "database_at = database_at - interval '3 days'"
        )
    before = ticks(database)
    both = [processes.bursar("beat", settings=database.settings(), env=env) for _ in range(2)]
    wait_until(lambda: ticks(database) != before and len(asked(database, "SELECT 1 FROM bursar.heartbeat")) > 0, what="a tick")
    newest = "SELECT job FROM bursar.schedule_slot WHERE slot_at > clock_timestamp() - interval '1 day 5 minutes' GROUP BY job"
    wait_until(lambda: len(asked(database, newest)) == len(TABLE), what="the newest slots")
    assert asked(database, _DOUBLE) == []
    assert asked(database, "SELECT 1 FROM bursar.clock_jump") == [], "an outage is no jump"
    old = "SELECT job, count(*) FROM bursar.schedule_slot WHERE slot_at < clock_timestamp() - interval '2 days' GROUP BY job"
    per_job = asked(database, old)
    assert {row[1] for row in per_job} <= {1, 2}, "what declares `skip` makes up for nothing but its newest slot"
    for beat in both:
        beat.kill()
    assert list(home.rglob("*")) == [], "beat keeps no schedule file"
