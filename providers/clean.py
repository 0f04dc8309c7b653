"""The one place where bytes of a signed event become JSON values: nothing behind it meets what PostgreSQL cannot hold.

Refused, never repaired: a NUL or a lone surrogate fits into no text column, and changing a provider's data silently
would hide it from those who must look. Provider objects nest a few levels; deeper ones could exhaust a stack.
Duplicate keys: the last one counts, at the door as well as here, because both read with msgspec.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from providers.errors import UnparsableBody

_DEPTH_LIMIT = 64
SIZE_LIMIT_BYTES = 4 * 1024 * 1024
"""Far above any object or page of a provider's (PAY-12); the doors have bounds of their own, well below it."""
_DECODER = msgspec.json.Decoder()


def json_object(body: bytes) -> dict[str, Any]:
    """The JSON object in `body`: strict UTF-8 without BOM, finite numbers, no NUL in any text, at most 64 levels deep and 4 MiB.

    Raises:
        UnparsableBody: it is anything else; the message says what, without quoting the body.
    """
    if len(body) > SIZE_LIMIT_BYTES:
        raise UnparsableBody(f"body has {len(body)} bytes, at most {SIZE_LIMIT_BYTES} are read")
    try:
        value = _DECODER.decode(body)
    except RecursionError:
        raise UnparsableBody(f"body is nested deeper than {_DEPTH_LIMIT} levels") from None
    except (msgspec.MsgspecError, ValueError) as error:  # UnicodeDecodeError is a ValueError
        raise UnparsableBody(f"body is not JSON: {_reason(error)}") from None
    if not isinstance(value, dict):
        raise UnparsableBody(f"body is JSON, but a {type(value).__name__} instead of an object")
    # Only bodies that could break a rule are walked; these two tests cost about a microsecond.
    if b"\\u0000" in body or body.count(b"[") + body.count(b"{") > _DEPTH_LIMIT:
        _check(value)
    return value


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeError):
        return "its text is not valid UTF-8"
    return str(error)


def _check(root: Any) -> None:
    level: list[Any] = [root]
    for _ in range(_DEPTH_LIMIT):
        below: list[Any] = []
        for value in level:
            for part in _parts(value):
                if isinstance(part, str):
                    if "\0" in part:
                        raise UnparsableBody("body has a NUL character in a text: no text column can hold it")
                elif isinstance(part, (dict, list)):
                    below.append(part)
        if not below:
            return
        level = below
    raise UnparsableBody(f"body is nested deeper than {_DEPTH_LIMIT} levels")


def _parts(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.keys()
        yield from value.values()
    else:
        yield from value
