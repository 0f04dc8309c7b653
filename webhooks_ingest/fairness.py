"""Start-time fair queueing: a lane that bursts stands behind the others, and delays only itself.

Claims run in the order of `fair_at`. A lane may send `rate` events a second; each further one is stamped as if it had
come that much later. Nothing is due later for it: with idle workers it is claimed at once.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta

_MOST_LANES = 10_000


class LaneClock:
    """The last stamp of each lane that was busy lately. Forgetting one costs fairness for a moment, nothing else."""

    def __init__(self, rate_per_s: float) -> None:
        self._step = timedelta(seconds=1 / rate_per_s)
        self._last: OrderedDict[str, datetime] = OrderedDict()

    def stamp(self, lane: str, now: datetime) -> datetime:
        """`fair_at` of the lane's next event."""
        last = self._last.pop(lane, None)
        fair_at = now if last is None else max(now, last + self._step)
        self._last[lane] = fair_at
        if len(self._last) > _MOST_LANES:
            self._last.popitem(last=False)
        return fair_at
