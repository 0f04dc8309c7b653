"""What a failure means: how it is named, when the row is tried again, when it is dead (INBOX-4, promise 7)."""

from __future__ import annotations

import hashlib
import random
import traceback
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from core.redaction import scrub

_ROOT = Path(__file__).resolve().parent.parent
_MAX_ERROR_CHARS = 2000


@dataclass(frozen=True, slots=True)
class Failure:
    """One handled error, ready for its row. `fingerprint` groups failures that have one cause."""

    error_class: str
    error: str
    fingerprint: str


def describe(error: BaseException, subject: str) -> Failure:
    """Name an error. The fingerprint is made of what failed (`subject`: source and type), the error's class and its place in our code."""
    place = ""
    for frame in traceback.extract_tb(error.__traceback__):
        path = Path(frame.filename)
        if path.is_relative_to(_ROOT) and "site-packages" not in path.parts:
            place = f"{path.relative_to(_ROOT)}:{frame.name}"
    name = type(error).__qualname__
    digest = hashlib.sha256(f"{subject}\n{name}\n{place}".encode()).hexdigest()[:12]
    # Half a surrogate pair, which JSON may carry, and NUL are nothing that a database takes.
    text = scrub(str(error)).encode(errors="backslashreplace").decode().replace("\x00", "\ufffd")[:_MAX_ERROR_CHARS]
    return Failure(error_class=name, error=f"{text} [{place}]" if place else text or name, fingerprint=digest)


def next_try(attempts: int, ladder_s: list[float], jitter: float, now: datetime) -> datetime | None:
    """When a row that has now failed `attempts` + 1 times is due again; None: it is dead.

    Waits are spread by +-`jitter`, so that an outage's rows do not come back at one instant.
    """
    if attempts >= len(ladder_s):
        return None
    spread = random.uniform(-jitter, jitter)  # noqa: S311  # spreads load, guards nothing
    return now + timedelta(seconds=ladder_s[attempts] * (1 + spread))
