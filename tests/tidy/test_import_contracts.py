"""The rooms' import contracts (pyproject.toml) hold, and catch what they are for: tried on a copy with bad imports."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

from tests.tidy.source import ROOT

_FORBIDDEN = (
    ("core", "models"),
    ("models", "emails"),
    ("models", "billing.operations"),
    ("workers", "billing.operations"),
    ("billing/operations", "workers"),
    ("billing/rules", "core"),
    ("billing/rules", "models"),
    ("tasks", "webhooks_ingest"),
    ("schedules", "webhooks_ingest"),
    ("webhooks_ingest", "cli"),
)
_LINT = Path(sys.executable).with_name("lint-imports")


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(_LINT), "--no-logo", "--no-cache"], cwd=folder, capture_output=True, text=True, check=False
    )


def _skeleton(folder: Path) -> None:
    """The rooms as empty packages, under the real contracts."""
    config = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (folder / "pyproject.toml").write_text(config, encoding="utf-8")
    roots = tomllib.loads(config)["tool"]["importlinter"]["root_packages"]
    for name in (*roots, "billing/rules", "billing/operations"):
        (folder / name).mkdir()
        (folder / name / "__init__.py").touch()


def test_the_project_keeps_the_contracts() -> None:
    done = _lint(ROOT)

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_contracts_catch_what_goes_up_or_aside(tmp_path: Path) -> None:
    _skeleton(tmp_path)
    for number, (room, other) in enumerate(_FORBIDDEN):
        (tmp_path / room / f"bad{number}.py").write_text(f"import {other}\n", encoding="utf-8")

    told = _lint(tmp_path).stdout

    expected = [f"{room.replace('/', '.')}.bad{number} -> {other}" for number, (room, other) in enumerate(_FORBIDDEN)]
    assert [line for line in expected if line not in told] == [], told


def test_the_contracts_let_pass_what_goes_down(tmp_path: Path) -> None:
    _skeleton(tmp_path)
    (tmp_path / "tasks" / "good.py").write_text(
        "import workers\nimport billing.operations\nimport core\n", encoding="utf-8"
    )

    done = _lint(tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
