"""Our packages win over a stranger's of the same name in the folder where a command is started, or the command refuses."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest

from cli.own_packages import PACKAGES
from tests.harness.environment import AUDIT_KEY
from tests.harness.processes import ROOT, Processes

BESIDE_PYTHON = Path(sys.executable).parent
NOWHERE = {
    "BURSAR_BROKER_URL": "redis://127.0.0.1:1/0",
    "BURSAR_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
    "BURSAR_AUDIT_KEYS": AUDIT_KEY,
}


@pytest.fixture
def strange(tmp_path: Path) -> Path:
    """A folder with packages of our names, which tell when they are imported."""
    folder = tmp_path / "another project"
    for name in ("models", "tasks", "workers", "emails"):
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text(f"raise SystemExit('the stranger {name} was imported')\n")
    return folder


@pytest.mark.parametrize("command", ["bursar doctor", "bursar schedule ls", "celery -A workers.app inbox ls"])
def test_commands_started_beside_a_stranger_run_our_code(command: str, strange: Path, processes: Processes) -> None:
    program, *arguments = command.split()
    running = processes.start([str(BESIDE_PYTHON / program), *arguments], cwd=strange, env=NOWHERE | {"PYTHONPATH": ""})
    assert running.wait() in (1, 69), running.output()
    assert "stranger" not in running.output()
    assert "127.0.0.1" in running.output()


@pytest.mark.parametrize("process", ["beat", "worker payments"])
def test_celery_started_beside_a_stranger_runs_our_code(process: str, strange: Path, processes: Processes) -> None:
    running = processes.start([str(BESIDE_PYTHON / "bursar"), *process.split()], cwd=strange, env=NOWHERE | {"PYTHONPATH": ""})
    running.wait_output("beat_without_database" if process == "beat" else "Cannot connect to redis")
    assert "stranger" not in running.output()


def test_a_stranger_that_came_first_is_refused_by_name(tmp_path: Path, processes: Processes) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "__init__.py").write_text("")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import models; import cli.main"
    running = processes.python("-c", code)
    assert running.wait() == 1
    assert f"the package 'models' was taken from {tmp_path / 'models'}" in running.output()


def test_all_packages_are_claimed() -> None:
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert list(PACKAGES) == packages["packages"]
