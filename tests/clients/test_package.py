"""The client is a package of its own: it needs nothing of ours, and builds into a wheel that says its types."""

from __future__ import annotations

import ast
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.harness.processes import ROOT

CLIENT = ROOT / "clients" / "python"
_ALLOWED = {"bursar_client", *sys.stdlib_module_names}
_GIVEN = {"over_celery.py": {"kombu"}}
"""What a module may take from the app's own environment; it is imported by name only."""


def _imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").partition(".")[0])
    return names


def test_it_imports_nothing_but_the_standard_library() -> None:
    found = {path.name: _imported(path) - _ALLOWED for path in (CLIENT / "bursar_client").glob("*.py")}
    assert {name: names for name, names in found.items() if names} == _GIVEN


@pytest.mark.requirement("SEC-1")
def test_the_wheel_works_alone(tmp_path: Path) -> None:
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)],
        cwd=CLIENT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("bursar_client-*.whl")
    with zipfile.ZipFile(wheel) as content:
        names = set(content.namelist())
        metadata = content.read(next(name for name in names if name.endswith("METADATA"))).decode()
    assert {"bursar_client/__init__.py", "bursar_client/py.typed", "bursar_client/testing.py"} <= names
    assert {name.split("/")[0] for name in names if "dist-info" not in name} == {"bursar_client"}
    assert "Name: bursar-client" in metadata
    assert [line for line in metadata.splitlines() if line.startswith("Requires-Dist") and "extra ==" not in line] == []
    # Isolated: no project, no environment, the wheel alone.
    code = f"import sys; sys.path.insert(0, {str(wheel)!r}); import bursar_client, bursar_client.testing; print(bursar_client.__file__)"
    alone = subprocess.run([sys.executable, "-I", "-S", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert alone.returncode == 0, alone.stderr
    assert str(wheel) in alone.stdout
