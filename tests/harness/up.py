"""Helpers for tests that start the embedded services or a whole copy with `bursar up`."""

from __future__ import annotations

from pathlib import Path


def descendants(pid: int) -> dict[int, str]:
    """All processes below `pid` (itself included): id -> start time, which tells a number that is used again."""
    parents: dict[int, list[int]] = {}
    started: dict[int, str] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if fields[0] != "Z":
                parents.setdefault(int(fields[1]), []).append(int(entry.name))
                started[int(entry.name)] = fields[19]
    found, todo = {}, [pid]
    while todo:
        one = todo.pop()
        if one in started:
            found[one] = started[one]
        todo += parents.get(one, [])
    return found


def still_running(known: dict[int, str]) -> list[str]:
    """Those of `known` that run, with their command lines."""
    left = []
    for pid, start in known.items():
        try:
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if fields[19] == start and fields[0] != "Z":
            left.append(f"{pid} {command}")
    return left
