"""What the main app needs to hand work to Bursar: commands, three ways to send them, and one set of errors.

Nothing of Bursar itself is imported, and nothing but the standard library, so that it fits into any app.
`bursar_client.over_celery` (needs Celery) and `bursar_client.testing` (for the app's tests) are imported by name.
"""

from __future__ import annotations

from bursar_client.bursar import Bursar
from bursar_client.command import Command, RawCommand
from bursar_client.errors import (
    BursarError,
    CommandFailed,
    CommandRejected,
    IdempotencyConflict,
    InvalidCommand,
    NotFinished,
    StatusUnknown,
    Unauthorized,
    Unavailable,
    UnknownCommand,
)
from bursar_client.keys import key_for
from bursar_client.over_http import HttpBursar
from bursar_client.over_sql import SqlBursar
from bursar_client.status import Status

__all__ = [
    "Bursar",
    "BursarError",
    "Command",
    "CommandFailed",
    "CommandRejected",
    "HttpBursar",
    "IdempotencyConflict",
    "InvalidCommand",
    "NotFinished",
    "RawCommand",
    "SqlBursar",
    "Status",
    "StatusUnknown",
    "Unauthorized",
    "Unavailable",
    "UnknownCommand",
    "key_for",
]
