"""Ids that leave the system: UUIDv7, made in Python, never sequential to the outside (SEC-11)."""

from __future__ import annotations

import os
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

_RANDOM_BITS = 74


def _of_the_system() -> int:
    return int.from_bytes(os.urandom(10), "big")


@dataclass(slots=True)
class _Source:
    noise: Callable[[], int] = _of_the_system


_source = _Source()


def seed_ids(seed: int | None) -> None:
    """From here on ids repeat themselves, for simulations only: such ids can be guessed. None: the system's chance again."""
    if seed is None:
        _source.noise = _of_the_system
    else:
        chance = random.Random(seed)  # noqa: S311  # ids of a play, guarding nothing
        _source.noise = lambda: chance.getrandbits(80)


def new_id(at: datetime) -> uuid.UUID:
    """A UUIDv7 (RFC 9562, section 5.7) whose time part is `at` in milliseconds; the other 74 bits are random."""
    millis = int(at.timestamp() * 1000) & ((1 << 48) - 1)
    noise = _source.noise() & ((1 << _RANDOM_BITS) - 1)
    high, low = noise >> 62, noise & ((1 << 62) - 1)
    return uuid.UUID(int=(millis << 80) | (0x7 << 76) | (high << 64) | (0b10 << 62) | low)


def public_id(prefix: str, value: uuid.UUID) -> str:
    """The id as people see it: `pay_018f...` (prefix, underscore, 32 hex digits)."""
    return f"{prefix}_{value.hex}"
