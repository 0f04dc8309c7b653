"""Careful readers of single fields of a provider's JSON: absent, null and wrong are three different things.

Absent is `UNSET` (the provider did not mention it, so a stored value stays), null is `None`, and a value of a type that
the field cannot have is an error, never a guess.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from billing.rules.facts.base import UNSET, Unset
from providers.errors import UnparsableBody

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BIGINT = 2**63


def text(obj: Mapping[str, Any], name: str) -> str | Unset | None:
    """A text; whole numbers count as texts (Zoom's ids come as both), the empty text as null."""
    if name not in obj:
        return UNSET
    value = obj[name]
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return value
    if type(value) is int:
        return str(value)
    raise UnparsableBody(f"field {name!r} should be a text, but is a {type(value).__name__}")


def optional(obj: Mapping[str, Any], name: str) -> str | None:
    """A text where absent, null and empty mean the same: nothing to go by."""
    value = text(obj, name)
    return None if value is UNSET else value


def needed(obj: Mapping[str, Any], name: str) -> str:
    """A text without which the event says nothing, such as the object's id."""
    value = optional(obj, name)
    if value is None:
        raise UnparsableBody(f"field {name!r} is missing")
    return value


def whole(obj: Mapping[str, Any], name: str) -> int | Unset | None:
    """A whole number that fits 64 bits; a text of digits counts as one."""
    if name not in obj:
        return UNSET
    value = obj[name]
    if value is None or value == "":
        return None
    if isinstance(value, str) and len(value) < 20 and value.lstrip("-").isascii() and value.lstrip("-").isdigit():
        value = int(value)
    if type(value) is not int or not -_BIGINT <= value < _BIGINT:
        raise UnparsableBody(f"field {name!r} should be a whole number of at most 64 bits")
    return value


def instant(obj: Mapping[str, Any], name: str) -> datetime | Unset | None:
    """An RFC 3339 time with any offset, as an instant in UTC; one without an offset is taken as UTC."""
    if name not in obj:
        return UNSET
    value = obj[name]
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise UnparsableBody(f"field {name!r} should be a time in text, but is a {type(value).__name__}")
    return parse_instant(value, name)


def parse_instant(value: str, name: str) -> datetime:
    """As `instant`, of a text in hand. The calendar's edges, which no offset may cross, are errors like any other."""
    try:
        at = datetime.fromisoformat(value)
        return (at.replace(tzinfo=UTC) if at.tzinfo is None else at).astimezone(UTC)
    except (ValueError, OverflowError):
        raise UnparsableBody(f"field {name!r} is not a time") from None


def from_millis(value: object, name: str) -> datetime:
    """An instant from milliseconds since 1970."""
    if isinstance(value, str) and len(value) < 20 and value.isascii() and value.isdigit():
        value = int(value)
    if type(value) is not int:
        raise UnparsableBody(f"field {name!r} should be milliseconds since 1970")
    try:
        return _EPOCH + timedelta(milliseconds=value)
    except OverflowError:
        raise UnparsableBody(f"field {name!r} is no time within the calendar") from None


def mapping(obj: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object within; absent and null are an empty one."""
    value = obj.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise UnparsableBody(f"field {name!r} should be an object, but is a {type(value).__name__}")
    return value


def items(obj: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """A list of objects within; absent and null are an empty one."""
    value = obj.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise UnparsableBody(f"field {name!r} should be a list of objects")
    return value
