"""A small play with all its faults, in whatever process: what it prints is the same in each."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import structlog

from cli.simulate.tell import found, told
from cli.simulate.year import Wanted, Year


def played(url: str) -> list[str]:
    """What the play prints."""
    begins = datetime(2027, 1, 22, tzinfo=UTC)  # a Friday
    year = Year(url, Wanted(customers=7, days=18, seed=7, faults=True, papers=True, begins=begins))
    try:
        year.run()
        return told(found(year))
    finally:
        year.play.close()


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    sys.stdout.write("\n".join(played(sys.argv[1])))
