"""How the command line prints: aligned columns, instants and ages, JSON lines. The same text whether or not a person is watching."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import click


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Columns as wide as their widest cell, two blanks apart; the last one is not padded."""
    cells = [list(head), *([one_line(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    for row in cells:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def facts(pairs: Iterable[tuple[str, object]]) -> None:
    """Name and value, one a line; what is None is left out."""
    known = [(name, value) for name, value in pairs if value is not None]
    width = max((len(name) for name, _ in known), default=0)
    for name, value in known:
        click.echo(f"{name.ljust(width)}  {one_line(value)}")


def one_line(value: object) -> str:
    """A cell's text: no line breaks or control characters, `-` for nothing."""
    if value is None:
        return "-"
    text = instant(value) if isinstance(value, datetime) else str(value)
    return "".join(char if char.isprintable() else "\N{MIDDLE DOT}" if char not in "\r\n\t" else " " for char in text)


def short(text: str | None, limit: int) -> str | None:
    """The text, cut to `limit` characters."""
    return text if text is None or len(text) <= limit else text[: limit - 1] + "\N{HORIZONTAL ELLIPSIS}"


def instant(at: datetime) -> str:
    """An instant in UTC, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def span(seconds: float) -> str:
    """A length of time in its two largest units: `3d 4h`, `12s`."""
    left, parts = int(seconds), []
    for name, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{name}")
    return " ".join(parts[:2]) or "0s"


def json_line(values: Mapping[str, Any]) -> None:
    """One JSON object on one line."""
    click.echo(json.dumps(values, default=_plain, ensure_ascii=False))


def json_block(value: Any, indent: str = "  ") -> str:
    """JSON text over several lines, indented."""
    text = json.dumps(value, default=_plain, ensure_ascii=False, indent=2)
    return "\n".join(indent + line for line in text.splitlines())


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (bytes, memoryview)):
        return bytes(value).hex()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} is not for printing")
