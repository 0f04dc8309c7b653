"""Starts programs that cannot outlive us: each is told by the kernel when its parent dies, also by kill -9."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_LAUNCHER = Path(__file__).with_name("launcher.py")


@dataclass(frozen=True)
class User:
    """Whom a service runs as: None in its place means whoever we are."""

    name: str
    uid: int
    gid: int


def clean_environment() -> dict[str, str]:
    """A small environment for the services: no odd locale, PG* variables or preloads of the caller."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "LANG": "C", "TZ": "UTC", "HOME": "/"}


def spawn(
    program: Sequence[str | Path],
    *,
    user: User | None,
    log: IO[bytes] | int,
    stop_signal: signal.Signals = signal.SIGTERM,
    cwd: Path | None = None,
    stdin: IO[bytes] | int = subprocess.DEVNULL,
    env: dict[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program as a child in a session of its own, so that the terminal's Ctrl-C reaches only us.

    `stop_signal` is what it gets when the thread that calls this dies: call it from a thread that lives as long as
    the program shall.

    Raises:
        OSError: the interpreter cannot be started.
    """
    owner = "-" if user is None else f"{user.uid}:{user.gid}"
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(_LAUNCHER), owner, str(int(stop_signal)), str(os.getpid()),
         *(str(part) for part in program)],
        stdin=stdin, stdout=log, stderr=subprocess.STDOUT, cwd=cwd, start_new_session=True,
        env=clean_environment() if env is None else env,
    )


def run_as(
    user: User | None, program: Sequence[str | Path], *, timeout_s: float = 120
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end as that user; its two outputs come back as one text.

    Raises:
        OSError: the program cannot be started (for instance because that user cannot reach it).
        subprocess.TimeoutExpired: it took longer than `timeout_s`.
    """
    return subprocess.run(
        [str(part) for part in program], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        encoding="utf-8", errors="replace", check=False, timeout=timeout_s, env=clean_environment(), cwd="/",
        user=user.uid if user else None, group=user.gid if user else None, extra_groups=[] if user else None,
    )


def stop(process: subprocess.Popen[bytes], stop_signal: signal.Signals, *, timeout_s: float) -> None:
    """Ask it to end, wait, and kill it when it does not."""
    if process.poll() is None:
        process.send_signal(stop_signal)
        try:
            process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()
