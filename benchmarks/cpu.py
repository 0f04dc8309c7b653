"""Processor time of processes and of all below them, from /proc: steadier than rates on a machine that others use too."""

from __future__ import annotations

import os
from pathlib import Path

_TICK_US = 1_000_000 // os.sysconf("SC_CLK_TCK")


def tree_us(pid: int) -> int:
    """Microseconds that process `pid` and all below it have used, those that ended and were waited for among them."""
    parents, used = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            one = int(entry.name)
            # utime, stime, and the two of children that were waited for.
            parents[one], used[one] = int(fields[1]), sum(map(int, fields[11:15]))
    return sum(used[one] for one in used if _below(one, pid, parents)) * _TICK_US


def _below(one: int, top: int, parents: dict[int, int]) -> bool:
    while one != top:
        if one not in parents:
            return False
        one = parents[one]
    return True
