"""`bursar up`, whole: the story is processed, two copies live side by side, and nothing is left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from tests.harness.broker import AnyBroker
from tests.harness.cluster import Database, remove, scratch_folder
from tests.harness.ports import free_range
from tests.harness.processes import ROOT, Processes, Running
from tests.harness.up import descendants, still_running
from tests.harness.waiting import wait_until

STORY = 5
PORTS = 5
ALL = {
    "receiver", "worker-payments", "worker-payouts", "worker-notifications", "worker-maintenance", "calls", "beat",
    "standby", "flower", "sandbox", "mails",
}


@pytest.fixture
def scratch() -> Iterator[Path]:
    """A folder that the services' user can pass through."""
    folder = scratch_folder()
    yield folder
    remove(folder)


def _up(processes: Processes, home: Path, base: int, *options: str, **env: str) -> Running:
    return processes.bursar("up", "--home", str(home), "--port-base", str(base), *options, env=env)


def _told(running: Running) -> None:
    running.wait_output("the first event was processed", 200)


def _names(known: dict[int, str]) -> set[str]:
    """What the kernel calls the processes; it keeps 15 characters."""
    names = set()
    for pid in known:
        with suppress(FileNotFoundError, ProcessLookupError):  # it ended since
            names.add(Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip())
    return names


def _shown(known: dict[int, str]) -> set[str]:
    """Their command lines, as `ps -ef` shows them."""
    lines = set()
    for pid in known:
        with suppress(FileNotFoundError, ProcessLookupError):  # it ended since
            lines.add(Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").replace(b"\0", b" ").decode())
    return lines


def _all_there(running: Running) -> dict[int, str]:
    wanted = {f"bursar {name}"[:15].strip() for name in ALL} | {"postgres", "redis-server"}
    wait_until(lambda: wanted <= _names(descendants(running.pid)), what=f"the processes {sorted(wanted)}")
    return descendants(running.pid)


def _environment(home: Path) -> dict[str, str]:
    known: dict[str, str] = json.loads((home / "runtime.json").read_text(encoding="utf-8"))["environment"]
    return known


def _states(home: Path) -> list[tuple[str, str]]:
    """Of the story's first chapter; the second one waits for Flower."""
    with psycopg.connect(_environment(home)["BURSAR_DATABASE_URL"]) as connection:
        return connection.execute("SELECT event_type, state FROM bursar.inbox WHERE event_id NOT LIKE '%_more_%' ORDER BY id").fetchall()


def test_the_story_is_processed_and_ctrl_c_leaves_nothing(scratch: Path, processes: Processes) -> None:
    home = scratch / "a home with blanks"
    base = free_range(PORTS)
    running = _up(processes, home, base, LC_ALL="tr_TR.UTF-8", LANG="nonsense")
    _told(running)
    states = _states(home)
    assert [state for _, state in states] == ["done"] * STORY, states
    known = _all_there(running)
    assert {f"bursar up: {name}" for name in ALL} <= _shown(known)

    second = _up(processes, home, free_range(PORTS))
    assert second.wait() == 1
    assert "is running: stop it, or name another --home" in second.output()

    running.signal(signal.SIGINT)
    assert running.wait() == 0
    assert still_running(known) == []
    assert not (home / "runtime.json").exists()


def test_two_copies_live_side_by_side_and_die_by_kill_9(scratch: Path, processes: Processes) -> None:
    homes = [scratch / "one", scratch / "two"]
    copies = [_up(processes, home, free_range(PORTS)) for home in homes]
    for copy in copies:
        _told(copy)
    assert [len(_states(home)) for home in homes] == [STORY, STORY]
    answer = subprocess.run(
        [sys.executable, "-m", "cli.main", "--home", str(homes[1]), "migrate"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )
    assert (answer.returncode, answer.stdout.split(":")[0]) == (0, "nothing to do"), answer.stderr
    known = [_all_there(copy) for copy in copies]

    copies[0].signal(signal.SIGKILL)
    wait_until(lambda: not still_running(known[0]), what="all of the killed copy to be gone")
    assert copies[1].alive()
    assert len(still_running(known[1])) >= len(ALL)

    # What is killed alone comes back.
    for name in ("bursar standby", "redis-server"):
        os.kill(next(pid for pid in known[1] if _names({pid: ""}) == {name}), signal.SIGKILL)
    copies[1].wait_output("standby ended (killed by SIGKILL); starting it again")
    copies[1].wait_output("Redis ended with -9; starting it again")
    known[1] |= _all_there(copies[1])
    copies[1].signal(signal.SIGTERM)
    assert copies[1].wait() == 0
    assert still_running(known[1]) == []


def test_services_of_ones_own_are_used(
    scratch: Path, processes: Processes, database: Database, each_broker: AnyBroker
) -> None:
    home = scratch / "home"
    running = _up(
        processes, home, free_range(PORTS), BURSAR_DATABASE_URL=database.url, BURSAR_BROKER_URL=each_broker.url
    )
    _told(running)
    with database.connect() as connection:
        sql = "SELECT count(*) FROM bursar.inbox WHERE state = 'done' AND event_id NOT LIKE '%_more_%'"
        assert connection.execute(sql).fetchone() == (STORY,)
    assert {"postgres", "redis-server"}.isdisjoint(_names(descendants(running.pid)))
    running.signal(signal.SIGTERM)
    assert running.wait() == 0


def test_a_port_in_use_is_named(scratch: Path, processes: Processes, database: Database) -> None:
    used = int(database.url.rpartition(":")[2].split("/")[0])
    running = _up(processes, scratch / "home", used)
    assert running.wait() == 1
    assert f"in use on 127.0.0.1 by another program: port {used} (receiver)" in running.output()
    assert "--port-base" in running.output()
