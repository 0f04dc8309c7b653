"""Waiting on a condition: as short as it can be, and a failure that says what was waited for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from core.clock import monotonic_s

T = TypeVar("T")

PATIENCE_S = 90.0
"""Seconds until a test gives up waiting: enough for a machine with ten times more work than processors, short of a test's
own time limit. A promise of speed is asserted by itself, never by a short wait."""


def wait_until(
    predicate: Callable[[], T], timeout_s: float = PATIENCE_S, *, what: str = "", interval_s: float = 0.01
) -> T:
    """The first truthy value of `predicate`, asked every `interval_s` seconds.

    Raises:
        AssertionError: none within `timeout_s`; the message has `what` and the last value.
    """
    deadline = monotonic_s() + timeout_s
    while True:
        value = predicate()
        if value:
            return value
        if monotonic_s() > deadline:
            raise AssertionError(f"not within {timeout_s:g} s: {what or predicate!r} (last value: {value!r})")
        time.sleep(interval_s)
