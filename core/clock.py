"""The business's clock: one injected `now`, so that a late or replayed event gives the same result (INBOX-19).

The machine's clock (leases, ages of hints) is the database's and is read in SQL only; see docs/architecture.md, "Two clocks".
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """What tells the business's time."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


class SystemClock:
    """The wall clock of this host; the only place in the project that reads it."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        return datetime.now(UTC)


class FixedClock:
    """A clock that stands still until it is moved: for tests, dry runs and simulations."""

    def __init__(self, at: datetime) -> None:
        if at.tzinfo is None:
            raise ValueError("FixedClock needs an aware datetime; a naive one has no place on the time line")
        self._at = at

    def now(self) -> datetime:
        """The instant that the clock was set to."""
        return self._at

    def move_to(self, at: datetime) -> None:
        """Set the clock, forward or back."""
        self._at = at


def monotonic_s() -> float:
    """Seconds on a clock that never jumps; for time-outs and durations inside one process only."""
    return time.monotonic()


@dataclass(frozen=True, slots=True)
class Uptime:
    """A clock that nobody sets: seconds since the host's start, sleep included, and which start that was."""

    boot: str
    seconds: float


def uptime() -> Uptime | None:
    """This host's, or None where the system has none: then nothing is proven by it."""
    source = getattr(time, "CLOCK_BOOTTIME", None)
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return None
    return None if source is None else Uptime(boot, time.clock_gettime(source))
