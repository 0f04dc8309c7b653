"""What is sent: a typed command, or a name with a payload; and how its values become JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any, ClassVar
from uuid import UUID


class Command:
    """Base of the typed commands (`bursar_client.commands`): frozen dataclasses with Bursar's name for them."""

    NAME: ClassVar[str]
    """`billing.<domain>.<verb>.v<N>`."""
    QUEUE: ClassVar[str]
    """Where Celery messages of it go; the other ways need not know."""

    @property
    def name(self) -> str:
        """`NAME`."""
        return self.NAME

    @property
    def queue(self) -> str:
        """`QUEUE`."""
        return self.QUEUE

    def payload(self) -> dict[str, Any]:
        """The fields as JSON values. What is None is left out, so that a new optional field changes no old command."""
        if not is_dataclass(self):
            raise TypeError(f"{type(self).__name__} is no dataclass")
        return {one.name: _plain(value) for one in fields(self) if (value := getattr(self, one.name)) is not None}


@dataclass(frozen=True, slots=True)
class RawCommand:
    """A command by name, for one that this client has no class for yet."""

    name: str
    values: Mapping[str, Any]
    queue: str = "maintenance"
    """Only Celery needs it."""

    def payload(self) -> dict[str, Any]:
        """`values` as JSON values."""
        return {name: _plain(value) for name, value in self.values.items()}


def to_json(value: object) -> str:
    """JSON text without blanks.

    Raises:
        ValueError: NaN or an infinity, which JSON does not have.
        TypeError: a value that is not JSON's.
    """
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _plain(value: object) -> Any:
    if isinstance(value, Enum):
        return _plain(value.value)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone: give it one, or the two sides may mean different instants")
        return value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Command):
        return value.payload()
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: _plain(part) for one in fields(value) if (part := getattr(value, one.name)) is not None}
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return value
