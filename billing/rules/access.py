"""Links that prove something once, and digests of what the app keeps to itself (SEC-4, SEC-7)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

PURPOSES = {
    "email_verification": "email_verification",
    "password_reset": "password_reset",
    "registration": "registration_confirmation",
}
"""What a token proves -> the mail that brings it. Migration 0128 lists the same purposes."""

_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Lives:
    """How long tokens live from the moment their mail is sent, and how many wishes of one kind a user has in an hour."""

    reset: timedelta
    verification: timedelta
    per_hour: int

    def of(self, purpose: str) -> timedelta:
        """The life of a purpose's tokens."""
        return self.reset if purpose == "password_reset" else self.verification


def digest(value: str, name: str) -> str:
    """`value`, if it is a sha256 in hex.

    Raises:
        ValueError: it is not; the value is not repeated, because it may be what must not be told.
    """
    if not _DIGEST.fullmatch(value):
        raise ValueError(f"{name} must be a sha256 in 64 small hex digits, never the session's id itself")
    return value
