"""Ports that servers of tests take later, or take again after a kill.

The kernel gives ports of its ephemeral range to whoever asks next, also while a server of a test is down or has not
started yet. Hence these lie below that range, each parallel worker has a range of its own, and none is given twice
before all have been.
"""

from __future__ import annotations

import itertools
import os
import random
import re

from cli.embedded.ports import is_free

_LOWEST, _EACH, _WORKERS = 10_000, 1_100, 20
"""10,000 to 31,999: 20 parallel workers (8 at most, says dev.py) with 1,100 ports each."""


def free_range(count: int = 1) -> int:
    """N such that N to N+count-1 are free now and nobody else of this run is given them.

    Raises:
        AssertionError: there is none in this worker's range.
    """
    for _ in itertools.repeat(None, _EACH):
        base = next(_steps) if count == 1 else _run_of(count)
        if all(is_free(base + step) for step in range(count)):
            return base
    raise AssertionError(f"no {count} free ports in a row from {_first} to {_first + _EACH - 1}")


def _run_of(count: int) -> int:
    base = next(_steps)
    while base + count > _first + _EACH:
        base = next(_steps)
    for _ in range(count - 1):
        next(_steps)
    return base


def _own_first() -> int:
    number = re.search(r"\d+$", os.environ.get("PYTEST_XDIST_WORKER", ""))
    # The controller, which has no number, starts the shared cluster while the workers run.
    return _LOWEST + _EACH * ((int(number[0]) + 1) % _WORKERS if number else 0)


_first = _own_first()
# Two runs at a time on one machine begin at different places.
_steps = itertools.cycle(range(_first, _first + _EACH))
for _ in range(random.randrange(_EACH)):
    next(_steps)
