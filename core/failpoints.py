"""Numbered places at which a test kills the process with SIGKILL, so that "killed at any moment" is tried and not believed.

Armed by `BURSAR_FAILPOINT=<name>:<n>` (the n-th time the place is reached), and only where `BURSAR_TEST=1` is set too; else
a place costs one comparison. The process kills itself: nothing is flushed, no handler runs, sockets die as they are.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

PLACES: tuple[str, ...] = (
    "rows.applied",
    "rows.committed",
    "call.claimed",
    "call.in_flight",
    "call.answered",
    "call.stored",
    "call.settled",
    "answer.applied",
    "answer.committed",
    "lookup.answered",
)
"""In the order in which a money action passes them, from the command to the effect that is settled.

rows.*: before and after the commit of a batch from the inbox; call.claimed: the outbox row is ours; call.in_flight: the
intent is committed, nothing sent; call.answered: the provider did it, nothing here knows; call.stored: its answer is
about to be written, in one statement; call.settled: committed; answer.*: as rows.*, for the batch that holds the answer;
lookup.answered: a look-up's result is in hand, nothing stored.
"""

MAIL_PLACES: tuple[str, ...] = ("mail.sent",)
"""The server has taken the mail, and nothing here says so yet."""


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class DiedError(BaseException):
    """A death that is played: nothing of ours catches it, so that a process that plays many of them goes on behind all its work."""


@dataclass(slots=True)
class _Armed:
    name: str = ""
    left: int = 0
    die: Callable[[], None] = _kill
    lock: threading.Lock = field(default_factory=threading.Lock)


_armed = _Armed()


def arm(name: str, number: int = 1, die: Callable[[], None] = _kill) -> None:
    """Kill this process when it reaches the place for the `number`-th time from now; a simulation gives a `die` that only plays it.

    Raises:
        ValueError: there is no such place.
    """
    if name not in PLACES + MAIL_PLACES:
        raise ValueError(f"{name!r} is no failpoint; there are {', '.join(PLACES + MAIL_PLACES)}")
    _armed.name, _armed.left, _armed.die = name, number, die


def disarm() -> None:
    """Nothing dies any more."""
    _armed.name, _armed.left, _armed.die = "", 0, _kill


def play_death() -> None:
    """A `die` that ends the work in hand and not the process.

    Raises:
        DiedError: always.
    """
    raise DiedError(_armed.name)


def reach(name: str) -> None:
    """Say that this place is reached."""
    if _armed.name == name:
        with _armed.lock:
            _armed.left -= 1
            if _armed.left == 0:
                _armed.die()


def arm_from_environment() -> None:
    """As the environment says; without BURSAR_TEST=1 nothing is armed, whatever it says."""
    wanted = os.environ.get("BURSAR_FAILPOINT", "")
    if wanted and os.environ.get("BURSAR_TEST") == "1":
        name, _, number = wanted.partition(":")
        arm(name, int(number or 1))


arm_from_environment()
