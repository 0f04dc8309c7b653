"""What the client's README shows runs as it stands: against `bursar up`, and with the fake."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.cluster import remove, scratch_folder
from tests.harness.ports import free_range
from tests.harness.processes import ROOT, Processes

_README = ROOT / "clients" / "python" / "README.md"
_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PORTS = 5


def _blocks() -> list[str]:
    return _BLOCK.findall(_README.read_text(encoding="utf-8"))


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that the services' user can pass through."""
    folder = scratch_folder()
    yield folder / "home"
    remove(folder)


@pytest.mark.requirement("INBOX-2")
def test_the_first_steps_work_against_a_copy_that_was_just_started(home: Path, processes: Processes, tmp_path: Path) -> None:
    first, _ = _blocks()
    script = tmp_path / "first_steps.py"
    script.write_text(first, encoding="utf-8")
    base = free_range(_PORTS)
    running = processes.bursar("up", "--home", str(home), "--port-base", str(base), "--no-story")
    running.wait_output(f"http://127.0.0.1:{base}/commands, app dev, key in {home / 'app.key'}")
    running.wait_output("stop")
    env = {
        "BURSAR_HOME": str(home), "BURSAR_RECEIVER_PORT": str(base),
        "PYTHONPATH": os.pathsep.join([str(ROOT / "clients" / "python"), os.environ.get("PYTHONPATH", "")]),
    }  # fmt: skip
    for told in ("new", "known already"):
        done = processes.python(str(script), env=env)
        assert done.wait(200) == 0, done.output()
        state, linked, conflict = done.output().splitlines()
        assert state.endswith(f" {told}")
        assert (linked, conflict) == ("linked: user-17", "idempotency_conflict")


def test_the_fake_is_used_as_shown() -> None:
    _, fake = _blocks()
    exec(compile(fake, str(_README), "exec"), {})
