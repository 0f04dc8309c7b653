"""PostgreSQL's binary values, made in one pass: psycopg's general way takes a quarter of the receiver's time per event.

Only the four types that the door's statements have. An array's format is that of `array_recv`: dimensions, a flag, the
element's type, then each element with its length, -1 for null.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

T = TypeVar("T")

TEXT, TEXTS, BYTEA, BYTEAS, BOOL, BOOLS, INSTANT, INSTANTS, BIGINT = 25, 1009, 17, 1001, 16, 1000, 1184, 1185, 20
"""The types' OIDs, as statements declare them."""
_HEAD = struct.Struct("!iiIii").pack
_LENGTH = struct.Struct("!i").pack
_INSTANT = struct.Struct("!q").pack
_SIZED_INSTANT = struct.Struct("!iq").pack
_NULL = _LENGTH(-1)
_TRUE, _FALSE = _LENGTH(1) + b"\1", _LENGTH(1) + b"\0"
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def texts(values: Sequence[str | None]) -> bytes:
    """`text[]` of texts or nulls.

    Raises:
        UnicodeEncodeError: a text has a lone surrogate.
    """
    return _sized(TEXT, [None if value is None else value.encode() for value in values])


def byteas(values: Sequence[bytes]) -> bytes:
    """`bytea[]`."""
    return _sized(BYTEA, values)


def booleans(values: Sequence[bool | None]) -> bytes:
    """`boolean[]` of booleans or nulls."""
    return _array(BOOL, [_NULL if value is None else _TRUE if value else _FALSE for value in values])


def instants(values: Sequence[datetime | None]) -> bytes:
    """`timestamptz[]` of aware datetimes or nulls."""
    return _array(
        INSTANT, [_NULL if value is None else _SIZED_INSTANT(8, (value - _EPOCH) // _MICROSECOND) for value in values]
    )


def text(value: str | None) -> bytes | None:
    """`text`."""
    return None if value is None else value.encode()


def boolean(value: bool | None) -> bytes | None:
    """`boolean`."""
    return None if value is None else b"\1" if value else b"\0"


def instant(value: datetime | None) -> bytes | None:
    """`timestamptz` of an aware datetime."""
    return None if value is None else _INSTANT((value - _EPOCH) // _MICROSECOND)


def shared(
    array: Callable[[Sequence[T]], bytes], one: Callable[[T], bytes | None], values: Sequence[T]
) -> tuple[bytes, bytes | None]:
    """A column as (array, value): what is the same in all rows travels once.

    The statement says `coalesce(element, value)`, where the empty array's elements are null.
    """
    first = values[0]
    if values.count(first) == len(values):
        return array(()), one(first)
    return array(values), None


def _sized(oid: int, raw: Sequence[bytes | None]) -> bytes:
    parts: list[bytes] = []
    for value in raw:
        if value is None:
            parts.append(_NULL)
        else:
            parts += (_LENGTH(len(value)), value)
    return _HEAD(1, 1, oid, len(raw), 1) + b"".join(parts)


def _array(oid: int, parts: list[bytes]) -> bytes:
    return _HEAD(1, 1, oid, len(parts), 1) + b"".join(parts)
