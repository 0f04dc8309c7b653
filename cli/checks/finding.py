"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor. `then` is the next step, empty when all is well."""

    check: str
    level: Literal["ok", "warn", "fail"]
    said: str
    then: str = ""


def ok(check: str, said: str) -> Finding:
    """All is well."""
    return Finding(check, "ok", said)


def warn(check: str, said: str, then: str) -> Finding:
    """Works, but will hurt."""
    return Finding(check, "warn", said, then)


def fail(check: str, said: str, then: str) -> Finding:
    """Does not work."""
    return Finding(check, "fail", said, then)
