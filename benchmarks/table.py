"""Results as a table that reads the same on a terminal and in Markdown."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Sequence
from pathlib import Path


def show(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table; the first column is text, all others are numbers."""
    widths = [max(len(row[place]) for row in (columns, *rows)) for place in range(len(columns))]

    def line(cells: Sequence[str]) -> str:
        padded = [
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return f"| {' | '.join(padded)} |"

    print(f"\n{title}\n")
    print(line(columns))
    print(line(["-" * widths[0], *(f"{'-' * (width - 1)}:" for width in widths[1:])]))
    for row in rows:
        print(line(row))
    print(flush=True)


def met(reached: bool) -> str:
    """How a goal ended."""
    return "yes" if reached else "no"


def median(values: Sequence[float]) -> float:
    """The middle of the rounds; a single odd round moves nothing."""
    return statistics.median(values)


def machine(server: str) -> str:
    """One line on what this ran on; `server` is PostgreSQL's version."""
    load = Path("/proc/loadavg").read_text(encoding="ascii").split()[0]
    return (
        f"{len(os.sched_getaffinity(0))} processors, Linux {platform.release()}, CPython {platform.python_version()}, "
        f"PostgreSQL {server} with fsync and synchronous_commit on, load average at the start {load}"
    )
