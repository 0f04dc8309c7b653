"""Counters of many processes in one folder, so that one scrape of the standby shows them all.

prometheus_client names each process's file by its pid: a pool that renews its processes would leave thousands of files,
and two containers on one volume, whose pids are alike, would write into one another's. Here a process takes the lowest
number that no living process has (a kernel lock, which ends with its holder, also at kill -9) and goes on in that
number's file.
"""

from __future__ import annotations

import fcntl
import os
from itertools import count
from pathlib import Path
from typing import IO

import structlog
from prometheus_client import values
from prometheus_client.values import MultiProcessValue

from core.settings import Settings

log = structlog.get_logger(__name__)

_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


class Slots:
    """This process's number in a folder; another one after a fork."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pid = 0
        self._number = -1
        self._lock: IO[bytes] | None = None

    def __call__(self) -> int:
        """The number; asked at every increment, so it is one system call when nothing changed."""
        if os.getpid() != self._pid:
            self._take()
        return self._number

    def _take(self) -> None:
        for number in count():
            lock = (self._folder / f"slot-{number}.lock").open("ab")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.close()
                continue
            # A fork's copy of the parent's lock file is dropped here; the parent keeps its own.
            self._lock, self._number, self._pid = lock, number, os.getpid()
            return


def folder(settings: Settings) -> Path:
    """Where the processes of one home (one machine, or one volume) put their counters."""
    return settings.home.absolute() / "metrics"


def share(settings: Settings) -> None:
    """Make this process and its later forks count in the shared folder. Call it before the first increment.

    A folder that cannot be written costs these counters, nothing else: it is logged and they stay in this process.
    """
    place = folder(settings)
    try:
        place.mkdir(parents=True, exist_ok=True)
        os.environ[_FOLDER] = str(place)
        values.ValueClass = MultiProcessValue(process_identifier=Slots(place))  # type: ignore[no-untyped-call]
    except OSError as error:
        log.warning(
            "metrics_not_shared", folder=str(place), error=str(error), effect="this process's counters are not scraped"
        )
