"""What `bursar up` shows: its own lines, and those of the children's logs that somebody should see."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import click

from core.clock import monotonic_s

_WORDS = ("ERROR", "FATAL", "PANIC", "CRITICAL", "Traceback", "WARNING", "# Can't")
_LOUD = {"warning": "yellow", "error": "red", "critical": "red"}
_SAID_ALREADY = " raised unexpected: "
"""Celery's word for what our own line, just before, has said better."""
_BURST = 10
_BURST_S = 10.0
_CHUNK = 65_536


def say(text: str, *, colour: str | None = None) -> None:
    """A line of the supervisor."""
    click.secho(text, fg=colour)


@dataclass
class _Watched:
    name: str
    path: Path
    offset: int
    errors_only: bool
    shown: list[float] = field(default_factory=list)
    held_back: int = 0


class LogWatch:
    """Reads what is new in the logs and shows what is important, at most ten lines in ten seconds for each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._watched: dict[str, _Watched] = {}

    def add(self, name: str, *, errors_only: bool = False) -> Path:
        """Watch `name`.log from its present end on; its path."""
        path = self._folder / f"{name}.log"
        self._watched[name] = _Watched(name, path, path.stat().st_size if path.exists() else 0, errors_only)
        return path

    def show(self) -> None:
        """Print what has come since."""
        for watched in self._watched.values():
            for line in _new_lines(watched):
                text, colour = important(line)
                if text and not (watched.errors_only and colour != "red"):
                    self._print(watched, text, colour)

    def _print(self, watched: _Watched, text: str, colour: str | None) -> None:
        now = monotonic_s()
        watched.shown = [at for at in watched.shown if now - at < _BURST_S]
        if len(watched.shown) >= _BURST:
            watched.held_back += 1
            return
        if watched.held_back:
            say(f"{watched.name:<21} ({watched.held_back} more such lines in {watched.path})")
            watched.held_back = 0
        watched.shown.append(now)
        say(f"{watched.name:<21} {' '.join(text.split())[:240]}", colour=colour)


def important(line: str) -> tuple[str, str | None]:
    """The text to show for a log line and its colour; an empty text for what may stay in the log."""
    if line.startswith("{"):
        try:
            entry = json.loads(line)
        except ValueError:
            return "", None
        colour = _LOUD.get(str(entry.get("level")))
        if colour is None or _SAID_ALREADY in str(entry.get("event")):
            return "", None
        rest = " ".join(f"{key}={value}" for key, value in entry.items() if key not in _SHOWN_ELSEWHERE)
        return f"{entry.get('level')}: {entry.get('event')} {rest}".rstrip(), colour
    return (line, "yellow") if any(word in line for word in _WORDS) else ("", None)


_SHOWN_ELSEWHERE = {"level", "event", "process", "timestamp", "exception"}


def _new_lines(watched: _Watched) -> list[str]:
    try:
        with watched.path.open("rb") as log:
            log.seek(watched.offset)
            chunk = log.read(_CHUNK)
    except FileNotFoundError:
        return []
    whole = chunk.rfind(b"\n") + 1
    if whole == 0 and len(chunk) == _CHUNK:
        whole = len(chunk)  # a line longer than any reader's patience
    watched.offset += whole
    return chunk[:whole].decode("utf-8", errors="replace").splitlines()
