"""`bursar worker`, `calls`, ...: a process that lacks a setting says so once and ends, and tries nothing for ever."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness.environment import AUDIT_KEY
from tests.harness.processes import Processes

COMMANDS = {
    "worker": ("worker", "payments"),
    "calls": ("calls",),
    "beat": ("beat",),
    "standby": ("standby",),
    "flower": ("flower",),
}
GIVEN = {
    "BURSAR_BROKER_URL": "redis://127.0.0.1:1/0",
    "BURSAR_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
    "BURSAR_AUDIT_KEYS": AUDIT_KEY,
}
MISSING = [
    (process, lacking)
    for process in COMMANDS
    for lacking in (("BURSAR_BROKER_URL",) if process == "flower" else tuple(GIVEN))
]


@pytest.mark.parametrize(("process", "lacking"), MISSING)
def test_a_missing_setting_is_named_and_nothing_starts(
    process: str, lacking: str, processes: Processes, tmp_path: Path
) -> None:
    env = {name: value for name, value in GIVEN.items() if name != lacking} | {"BURSAR_HOME": str(tmp_path)}
    running = processes.bursar(*COMMANDS[process], env=env)
    assert running.wait() == 1
    said = running.output()
    assert f"{lacking} is not set" in said
    assert f"the {process} does not start" in said
    assert "Traceback" not in said
