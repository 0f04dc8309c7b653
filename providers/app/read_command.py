"""A command's payload -> its dataclass, strictly: what does not fit is refused with the field's name, never guessed at."""

from __future__ import annotations

import dataclasses
import re
import typing
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import msgspec

from billing.rules.commands.base import COMMANDS, Command, Rejected
from billing.rules.facts.event import Event

INVALID = "invalid_payload"
_PLACE = re.compile(r" - at `\$\.?([^`]*)`$")
_FIELD = re.compile(r"field `([^`]+)`")


def read_command(event: Event) -> Command:
    """The command that the event brings.

    Raises:
        Rejected: `invalid_payload`; `details.field` names the first field that does not fit.
        KeyError: this version has no such command.
    """
    kind = COMMANDS[event.type]
    for field in _unknown(event.object, kind, ""):
        raise Rejected(INVALID, f"{event.type} has no field {field}", {"field": field})
    try:
        return msgspec.convert(event.object, kind)
    except msgspec.ValidationError as error:
        message, field = _told(str(error))
        raise Rejected(INVALID, message, {"field": field} if field else {}) from None


def _told(text: str) -> tuple[str, str]:
    """What is wrong, and where."""
    place = _PLACE.search(text)
    message = text[: place.start()] if place else text
    named = _FIELD.search(message) if message.startswith("Object ") else None
    parts = [part for part in (place.group(1) if place else "", named.group(1) if named else "") if part]
    if not parts:
        # A rule of the command's own says which field it is about with its first word.
        parts = [message.split(" ", 1)[0]]
    return message, ".".join(parts)


def _unknown(value: object, kind: Any, place: str) -> Iterator[str]:
    """Fields that the command does not have, at any depth: msgspec lets them pass where the class is a dataclass."""
    if dataclasses.is_dataclass(kind):
        if isinstance(value, Mapping):
            known = _hints(kind if isinstance(kind, type) else type(kind))
            for name, inner in value.items():
                if name not in known:
                    yield f"{place}{name}"
                else:
                    yield from _unknown(inner, known[name], f"{place}{name}.")
    elif isinstance(value, list):
        for argument in typing.get_args(kind):
            for number, inner in enumerate(value):
                yield from _unknown(inner, argument, f"{place[:-1]}[{number}].")
    else:
        for argument in typing.get_args(kind):
            yield from _unknown(value, argument, place)


@cache
def _hints(kind: Any) -> Mapping[str, Any]:
    hints = typing.get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}
