"""The embedded services: as root and as a normal user, in odd places, under odd locales, and gone with their parent."""

from __future__ import annotations

import os
import pwd
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import psycopg.conninfo
import pytest
import redis

from cli.embedded import ground, ports, postgres
from cli.embedded.errors import EmbeddedError
from cli.embedded.processes import User, run_as
from tests.harness.cluster import remove, scratch_folder
from tests.harness.ports import free_range
from tests.harness.processes import ROOT, Processes, Running
from tests.harness.up import descendants, still_running
from tests.harness.waiting import wait_until

PROBE = str(Path(__file__).with_name("embedded_probe.py"))
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@pytest.fixture
def scratch() -> Iterator[Path]:
    """A folder that every user can pass through."""
    folder = scratch_folder()
    yield folder
    remove(folder)


class Ready:
    """What the probe printed: URLs of both services, and where the data is."""

    def __init__(self, running: Running) -> None:
        running.wait_output("\n")
        line = running.output().splitlines()[0]
        assert line.startswith("ready "), running.output()
        self.database, self.broker, data = line.removeprefix("ready ").split(" ", 2)
        self.data = Path(data)

    def check(self) -> None:
        """Both answer; the database is what we promise."""
        with psycopg.connect(self.database) as connection:
            assert connection.execute(
                "SELECT current_setting('server_encoding'), current_setting('synchronous_commit'), datcollate "
                "FROM pg_database WHERE datname = current_database()"
            ).fetchone() == ("UTF8", "on", "C")
        with redis.Redis.from_url(self.broker) as broker:
            assert broker.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def _interpreter(user: User) -> str:
    """A Python that this user can run and that can load our packages."""
    for python in (sys.executable, "/usr/bin/python3"):
        try:
            done = run_as(user, [python, "-c", "import sys; print(*sys.version_info[:2])"])
        except OSError:
            continue
        if done.stdout.split() == [str(part) for part in sys.version_info[:2]]:
            return python
    pytest.skip(f"{sys.executable} and /usr/bin/python3: {user.name} cannot run this version's Python")


@pytest.mark.parametrize("locale", ["C", "POSIX", "tr_TR.UTF-8", "nonsense"])
def test_starts_under_an_odd_locale(scratch: Path, processes: Processes, locale: str) -> None:
    home = scratch / "ein Übel mit 'Leerzeichen'"
    running = processes.python(PROBE, str(home), env={"LC_ALL": locale, "LANG": locale, "PGPORT": "1", "PGUSER": "x"})
    Ready(running).check()


def test_survives_a_long_path_and_keeps_its_data(scratch: Path, processes: Processes) -> None:
    home = scratch / ("long " * 30) / ("longer" * 30)
    running = processes.python(PROBE, str(home))
    first = Ready(running)
    with psycopg.connect(first.database, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
    known = descendants(running.pid)
    running.signal(signal.SIGKILL)
    running.wait()
    wait_until(lambda: not still_running(known), what="the services to follow their parent")
    second = Ready(processes.python(PROBE, str(home)))
    assert second.database == first.database, "a second start has the same address and password"
    with psycopg.connect(second.database) as connection:
        assert connection.execute("SELECT one FROM kept").fetchone() == (1,)
    assert "postgres-18" in {path.name for path in second.data.iterdir()}


@as_root
def test_as_a_normal_user(scratch: Path, processes: Processes) -> None:
    entry = pwd.getpwnam("nobody")
    nobody = User("nobody", entry.pw_uid, entry.pw_gid)
    python = _interpreter(nobody)
    home = scratch / "home"
    home.mkdir()
    os.chown(home, nobody.uid, nobody.gid)
    packages = next(path for path in sys.path if path.endswith("site-packages"))
    running = processes.start(
        ["/usr/bin/setpriv", f"--reuid={nobody.uid}", f"--regid={nobody.gid}", "--clear-groups",
         python, "-B", PROBE, str(home)],
        env={"PYTHONPATH": f"{ROOT}:{packages}", "HOME": "/nonexistent"},
    )
    ready = Ready(running)
    ready.check()
    assert {path.owner() for path in home.iterdir()} == {"nobody"}


@as_root
def test_as_root_the_services_are_somebody_else_and_modes_stay(processes: Processes, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    running = processes.python(PROBE, str(closed / "home"))
    ready = Ready(running)
    try:
        ready.check()
        owners = {Path(f"/proc/{pid}").owner() for pid in descendants(running.pid) if pid != running.pid}
        assert "root" not in owners
        assert ready.data.parent == ground.ELSEWHERE
        assert (closed / "home" / ground.POINTER).read_text(encoding="utf-8").strip() == str(ready.data)
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    finally:
        running.kill()
        remove(ready.data)


@as_root
def test_binaries_out_of_the_services_users_reach_are_copied(
    scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ground, "ELSEWHERE", scratch / "elsewhere")
    hidden = scratch / "hidden"
    hidden.mkdir(mode=0o700)
    (hidden / "bin").mkdir()
    tool = hidden / "bin" / "tool"
    tool.write_text("#!/bin/sh\necho tool 1.0\n", encoding="utf-8")
    tool.chmod(0o755)
    place = ground.settle(scratch / "home")
    found = place.reachable(tool, hidden, ("bin",))
    assert found != tool
    assert run_as(place.user, [found, "--version"]).stdout == "tool 1.0\n"
    assert stat.S_IMODE(hidden.stat().st_mode) == 0o700


def test_secrets_are_readable_by_their_owner_only(scratch: Path, processes: Processes) -> None:
    home = scratch / "home"
    ready = Ready(processes.python(PROBE, str(home)))
    for name in ("postgres.password", "redis.password"):
        assert stat.S_IMODE((home / name).stat().st_mode) == 0o600
    secrets = {psycopg.conninfo.conninfo_to_dict(ready.database)["password"], (home / "redis.password").read_text()}
    seen = b"".join(path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists())
    assert not [secret for secret in secrets if str(secret).encode() in seen]


def test_a_second_server_on_the_same_data_is_refused(scratch: Path, processes: Processes) -> None:
    home = scratch / "home"
    Ready(processes.python(PROBE, str(home)))
    with pytest.raises(EmbeddedError, match="still up"):
        postgres.await_former(home / "postgres-18", timeout_s=0.1)


def test_a_stale_process_number_does_not_stop_a_start(scratch: Path) -> None:
    data = scratch / "postgres-18"
    data.mkdir()
    (data / "postmaster.pid").write_text(f"{os.getpid()}\n{data}\n", encoding="utf-8")
    postgres.await_former(data, timeout_s=0.1)
    assert not (data / "postmaster.pid").exists()


def test_a_port_in_use_is_named_with_the_end_of_the_log(scratch: Path) -> None:
    place = ground.settle(scratch / "home")
    taken = free_range()
    with subprocess.Popen([sys.executable, "-m", "http.server", str(taken), "--bind", "127.0.0.1"],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as other:
        wait_until(lambda: not ports.is_free(taken), what="the other server")
        server = postgres.start(place, taken, log=scratch / "log", fsync=False)
        with pytest.raises(EmbeddedError, match=rf"{taken}(.|\n)*Address already in use"):
            postgres.wait_ready(server, scratch / "log")
        other.kill()
