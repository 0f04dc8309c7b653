"""A worker that makes the calls that are due at one instant, and dies where BURSAR_FAILPOINT says: `python -m ... INSTANT`."""

from __future__ import annotations

import sys
from datetime import datetime

from core import failpoints
from core.clock import FixedClock
from core.settings import load
from workers import outbox
from workers.context import make_context


def main(at: str) -> None:
    """Make them."""
    failpoints.arm_from_environment()
    outbox.drain(make_context(load(), clock=FixedClock(datetime.fromisoformat(at))), "maintenance")


if __name__ == "__main__":
    main(sys.argv[1])
