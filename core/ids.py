"""Ids that leave the system: UUIDv7, made in Python, never sequential to the outside (SEC-11)."""

from __future__ import annotations

import os
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

_NOISE_BYTES = 10
_AT_ONCE = 64


@dataclass(slots=True)
class _Source:
    noise: Callable[[], int]


class _System:
    """The system's chance, drawn for many ids at once: asking it costs more than all the rest of an id."""

    def __init__(self) -> None:
        self._drawn: list[int] = []
        # Parent and child would give out the same ids.
        os.register_at_fork(after_in_child=self._drawn.clear)

    def __call__(self) -> int:
        while True:
            try:
                return self._drawn.pop()
            except IndexError:  # other threads may take them all before us
                drawn = os.urandom(_NOISE_BYTES * _AT_ONCE)
                ends = range(_NOISE_BYTES, len(drawn) + 1, _NOISE_BYTES)
                self._drawn.extend(int.from_bytes(drawn[end - _NOISE_BYTES : end], "big") for end in ends)


_of_the_system = _System()
_source = _Source(_of_the_system)


def seed_ids(seed: int | None) -> None:
    """From here on ids repeat themselves, for simulations only: such ids can be guessed. None: the system's chance again."""
    if seed is None:
        _source.noise = _of_the_system
    else:
        chance = random.Random(seed)  # noqa: S311  # ids of a play, guarding nothing
        _source.noise = lambda: chance.getrandbits(80)


def new_id(at: datetime) -> uuid.UUID:
    """A UUIDv7 (RFC 9562, section 5.7) whose time part is `at` in milliseconds; the other 74 bits are random."""
    noise = _source.noise()
    # As uuid.UUID(int=...) makes it, without its looks at all that it could have been given: a third of the time.
    made = _new(uuid.UUID)
    _set(made, "int", _prefix(at) | (noise >> 4 & _HIGH) | (noise & _LOW))
    _set(made, "is_safe", _UNKNOWN)
    return made


_new, _set, _UNKNOWN = object.__new__, object.__setattr__, uuid.SafeUUID.unknown


_HIGH, _LOW = 0xFFF << 64, (1 << 62) - 1
_VERSION, _VARIANT = 0x7 << 76, 0b10 << 62


@lru_cache(maxsize=64)  # those of a unit are of one instant
def _prefix(at: datetime) -> int:
    millis = int(at.timestamp() * 1000) & ((1 << 48) - 1)
    return (millis << 80) | _VERSION | _VARIANT


def public_id(prefix: str, value: uuid.UUID) -> str:
    """The id as people see it: `pay_018f...` (prefix, underscore, 32 hex digits)."""
    return f"{prefix}_{value.hex}"
