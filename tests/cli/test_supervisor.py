"""Parts of the supervisor that need no whole copy: what is shown, what is restarted when, how a copy is found."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from cli import runtime
from cli.entries import ENTRIES, entry
from cli.supervisor.children import Child
from cli.supervisor.screen import LogWatch, important
from cli.supervisor.secrets import missing_secrets
from core.clock import monotonic_s
from tests.harness.waiting import wait_until


def _ended(child: Child) -> str:
    return str(wait_until(child.ended, what="the child to end"))


@pytest.mark.parametrize("name", sorted(ENTRIES))
def test_every_process_has_its_function(name: str) -> None:
    assert callable(entry(name))


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ('{"level": "info", "event": "done"}', ""),
        ('{"level": "error", "event": "event_failed", "inbox_id": 7, "timestamp": "x"}', "error: event_failed inbox_id=7"),
        ('{"level": "error", "event": "Task a[b] raised unexpected: X()"}', ""),
        ('{"level": "warning"', ""),
        ("2026-11-21 UTC [7] LOG:  checkpoint", ""),
        ("2026-11-21 UTC [7] FATAL:  no space", "2026-11-21 UTC [7] FATAL:  no space"),
    ],
)
def test_only_what_matters_is_shown(line: str, shown: str) -> None:
    assert important(line)[0] == shown


def test_a_storm_of_lines_is_cut_short(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    watch = LogWatch(tmp_path)
    log = watch.add("worker")
    log.write_text("ERROR of a kind\n" * 500 + "ERROR half a line", encoding="utf-8")
    watch.show()
    assert capsys.readouterr().out.count("ERROR of a kind") == 10


def test_a_child_writes_to_its_log_and_its_end_is_told(tmp_path: Path) -> None:
    def work() -> None:
        print("hello from below")  # noqa: T201
        raise SystemExit(3)

    child = Child("one", work, tmp_path / "one.log")
    child.start()
    assert _ended(child) == "exit code 3"
    assert (tmp_path / "one.log").read_text(encoding="utf-8") == "hello from below\n"


def test_an_error_of_a_child_stays_in_the_child(tmp_path: Path) -> None:
    def work() -> None:
        raise KeyError("missing")

    child = Child("one", work, tmp_path / "one.log")
    child.start()
    assert _ended(child) == "exit code 1"
    assert "KeyError: 'missing'" in (tmp_path / "one.log").read_text(encoding="utf-8")


def test_what_a_dead_child_had_forked_dies_too(tmp_path: Path) -> None:
    def work() -> None:
        if os.fork() == 0:
            signal.pause()
        os.write(1, b"forked")
        signal.pause()

    child = Child("one", work, tmp_path / "one.log")
    child.start()
    log = tmp_path / "one.log"
    wait_until(lambda: log.exists() and "forked" in log.read_text(encoding="utf-8"), what="the fork")
    assert child.pid is not None
    group = child.pid
    os.kill(group, signal.SIGKILL)
    assert _ended(child) == "killed by SIGKILL"

    def empty() -> bool:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        return all(_state(pid) == "Z" for pid in _group(group))

    wait_until(empty, what="the grandchild to be gone")


def _group(group: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            fields = (path / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if fields[2] == str(group):
            found.append(int(path.name))
    return found


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "Z"


def test_quick_deaths_are_answered_more_and_more_slowly() -> None:
    child = Child("one", lambda: None, None)
    child.started_at_s = monotonic_s()
    assert [child.back_off() for _ in range(8)] == [0.5, 1, 2, 4, 8, 16, 30, 30]
    child.started_at_s = monotonic_s() - 60
    assert child.back_off() == 0.5


def test_a_running_copy_is_found_and_variables_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BURSAR_BROKER_URL", "redis://mine")
    # Set before it is taken away, so that its absence is what is restored at the end.
    monkeypatch.setenv("BURSAR_DATABASE_URL", "postgresql://former")
    monkeypatch.delenv("BURSAR_DATABASE_URL")
    assert not runtime.adopt(tmp_path)
    lock = runtime.hold(tmp_path)
    assert lock is not None
    with lock:
        runtime.publish(tmp_path, {"BURSAR_BROKER_URL": "redis://its", "BURSAR_DATABASE_URL": "postgresql://its"})
        assert runtime.adopt(tmp_path)
        assert (os.environ["BURSAR_BROKER_URL"], os.environ["BURSAR_DATABASE_URL"]) == ("redis://mine", "postgresql://its")
    del os.environ["BURSAR_DATABASE_URL"]
    assert not runtime.adopt(tmp_path), "a copy that was killed left its file, not its lock"
    assert (tmp_path / "runtime.json").stat().st_mode & 0o777 == 0o600
    assert json.loads((tmp_path / "runtime.json").read_text(encoding="utf-8"))["environment"]


def test_secrets_are_made_once_and_given_ones_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BURSAR_AUDIT_KEYS_FILE", "/run/secrets/audit")
    made = missing_secrets(tmp_path)
    assert made == missing_secrets(tmp_path)
    assert made["BURSAR_STRIPE_WEBHOOK_SECRETS"].startswith("whsec_")
    assert "BURSAR_AUDIT_KEYS" not in made
