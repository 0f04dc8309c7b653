"""Counts unproven requests per address, so that a guesser is told 429 and cannot flood the log.

The address is the peer's. No forwarded header is believed: behind a proxy all senders share one address, which does no
harm, because the verdict comes first and a valid delivery is never limited, whatever came from its address before.
"""

from __future__ import annotations

from collections import OrderedDict

from core.clock import monotonic_s

FAILURES_PER_MIN = 20
_WINDOW_S = 60.0
_MOST_ADDRESSES = 10_000


class Failures:
    """Failures in the present minute of each address; bounded, the address seen longest ago is forgotten."""

    def __init__(self, limit: int = FAILURES_PER_MIN) -> None:
        self._limit = limit
        self._seen: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def add(self, address: str) -> bool:
        """Count one; whether the address is over the limit now."""
        now_s = monotonic_s()
        began_s, count = self._seen.pop(address, (now_s, 0))
        if now_s - began_s >= _WINDOW_S:
            began_s, count = now_s, 0
        self._seen[address] = (began_s, count + 1)
        if len(self._seen) > _MOST_ADDRESSES:
            self._seen.popitem(last=False)
        return count + 1 > self._limit
