"""How the command line finds a running `bursar up`: a file in its home with its environment, and a lock it holds.

The lock, not the file, says whether it runs: a kernel lock ends with its holder, also at kill -9.
"""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from typing import IO

from cli.embedded.secret_files import write_secret

DEFAULT_HOME = ".bursar"


def home() -> Path:
    """BURSAR_HOME, else `.bursar` below the present folder."""
    return Path(os.environ.get("BURSAR_HOME") or DEFAULT_HOME).absolute()


def hold(place: Path) -> IO[bytes] | None:
    """Take the home's lock and keep it as long as the returned file stays open; None when another copy has it."""
    lock = (place / "up.lock").open("ab")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock


def is_running(place: Path) -> bool:
    """Whether a copy with this home is up."""
    if not (place / "up.lock").exists():
        return False
    lock = hold(place)
    if lock is not None:
        lock.close()
    return lock is None


def publish(place: Path, environment: dict[str, str], **facts: object) -> None:
    """Tell other commands how to reach this copy. The file holds passwords: its owner alone may read it."""
    write_secret(_file(place), json.dumps({**facts, "environment": environment}, indent=2, sort_keys=True))


def withdraw(place: Path) -> None:
    """The copy is going down."""
    _file(place).unlink(missing_ok=True)


def adopt(place: Path) -> bool:
    """Take over the running copy's environment where this process has none of its own; False when none runs."""
    try:
        if not is_running(place):
            return False
        known = json.loads(_file(place).read_text(encoding="utf-8"))
    except (FileNotFoundError, PermissionError):
        return False
    for name, value in known["environment"].items():
        os.environ.setdefault(name, value)
    return True


def _file(place: Path) -> Path:
    return place / "runtime.json"
