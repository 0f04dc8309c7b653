"""One poison event of each sort, through real worker processes: dead after its ladder, neighbours unaffected, replayable (promise 7)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest

from core.settings import Settings
from tests.cli.operator_command import Bursar
from tests.factories.inbox import inbox_row, states, store_event
from tests.harness.cluster import Database
from tests.harness.probe import MENDED, probe
from tests.harness.processes import Processes
from tests.harness.waiting import wait_until

POISON = ("raise", "memory", "exit", "kill", "segfault")
NEIGHBOURS = 40


@pytest.fixture
def quick(database: Database) -> Settings:
    """Rungs and leases short enough to watch."""
    return database.settings(
        retry_ladder_s=[0.1] * 5, lease_s=3.0, sweep_interval_s=0.1, hint_grace_s=0.2, workers_per_queue=2
    )


def start(processes: Processes, settings: Settings, *roles: str, env: dict[str, str] | None = None) -> None:
    """Start real processes with the probe plugged in."""
    for role in roles:
        processes.python("-m", "tests.harness.probe_process", *role.split(), settings=settings, env=env)


def effects(connection: psycopg.Connection[tuple[Any, ...]]) -> dict[int, int]:
    """Inbox id -> how often its handler's effect is in the database."""
    return dict(
        connection.execute(
            "SELECT inbox_id, count(*) FROM bursar.audit WHERE action = 'probe.ran' GROUP BY 1"
        ).fetchall()
    )


@pytest.mark.requirement("INBOX-4", "INBOX-5", "INBOX-15", "INBOX-16")
def test_poison_dies_alone_and_lives_after_the_mend(
    quick: Settings, database: Database, processes: Processes, tmp_path: Path
) -> None:
    mended = tmp_path / "mended"
    with database.connect() as connection:
        poison = {do: store_event(connection, probe(f"cus_{do}", do)) for do in POISON}
        garbage = store_event(connection, b"\xff\xfe{", event_type="unparsable")
        good = [store_event(connection, probe(f"cus_{n}")) for n in range(NEIGHBOURS)]
        start(processes, quick, "worker payments", "standby", env={MENDED: str(mended)})
        wait_until(lambda: states(connection) == {"done": NEIGHBOURS, "dead": len(POISON) + 1}, 200, what="all settled")
        assert effects(connection) == dict.fromkeys(good, 1)
        for do in ("raise", "memory", "exit"):
            assert inbox_row(connection, poison[do])["attempts"] == 6
        for do in ("kill", "segfault"):
            row = inbox_row(connection, poison[do])
            assert (row["solo_crashes"], row["error_class"]) == (3, "WorkerCrash")
        assert inbox_row(connection, garbage)["error_class"] == "UnparsableBody"

        mended.touch()
        bursar = Bursar(quick, **{MENDED: str(mended)})
        said = bursar("inbox", "replay", *map(str, poison.values()), "--reason", "the bug is mended")
        assert said.code == 0, said
        wait_until(lambda: states(connection) == {"done": NEIGHBOURS + len(POISON), "dead": 1}, what="replayed")
        assert effects(connection) == dict.fromkeys([*good, *poison.values()], 1)
