"""The services' logs, for error messages."""

from __future__ import annotations

from pathlib import Path


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log, or nothing when there is none."""
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]) if log.exists() else ""
