"""An event's bytes as a person may see them: JSON by allow-list, anything else as the head of a hex dump (SEC-6)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from cli.printing import json_block
from cli.visible import visible

_HEAD = 64
_REVEALED_HEAD = 4096
_WIDTH = 16


def lines(body: bytes, *, reveal: bool) -> Iterator[str]:
    """The body's text, indented."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        yield f"  not JSON; the first {_REVEALED_HEAD if reveal else _HEAD} of {len(body)} bytes:"
        yield from dump(body[: _REVEALED_HEAD if reveal else _HEAD], text=reveal)
        return
    yield json_block(value if reveal else visible(value))


def value_of(body: bytes, *, reveal: bool) -> Any:
    """The same for `--json`: a JSON value, or the head in hex."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {"not_json": True, "bytes": len(body), "head": body[: _REVEALED_HEAD if reveal else _HEAD].hex()}
    return value if reveal else visible(value)


def dump(body: bytes, *, text: bool) -> Iterator[str]:
    """A hex dump; its text column only for those who may read the rest, too."""
    for start in range(0, len(body), _WIDTH):
        part = body[start : start + _WIDTH]
        told = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
        yield f"  {start:06x}  {part.hex(' '):<{_WIDTH * 3}} {told if text else ''}".rstrip()
