"""Commands that a Celery message brings, on their way into the inbox: accepted, kept as unknown, or kept as a conflict.

The database decides (bursar.accept_command), as it does for the other doors; so one key is one command, whichever way it
comes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection

from core.version import VERSION
from workers.failures import Failure

_ACCEPT = """SELECT bursar.accept_command(%(name)s::text, %(payload)s::jsonb, %(key)s::text, %(lane)s::text, %(actor)s::text,
                                          %(via)s::text, %(at)s::timestamptz)"""
_STORED = "SELECT id, queue, state FROM bursar.inbox WHERE source = 'app' AND event_id = %(key)s"

_KEEP = """
    WITH made AS (
        SELECT body, in_lane FROM bursar.command_body(%(name)s::text, %(payload)s::jsonb, %(key)s::text, %(lane)s::text, %(actor)s::text)),
    stored AS (
        INSERT INTO bursar.inbox (source, event_id, event_type, lane, queue, state, sha256, occurred_at, received_at, fair_at,
                                  next_at, error_class, error, fingerprint, handler_version)
        SELECT 'app', %(key)s, %(name)s, 'app:' || in_lane, 'maintenance', 'dead', sha256(body), %(at)s, %(at)s, %(at)s, %(at)s,
               %(error_class)s, %(error)s, %(fingerprint)s, %(version)s
        FROM made ON CONFLICT (source, event_id) DO NOTHING RETURNING id),
    payload AS (
        INSERT INTO bursar.inbox_payload (inbox_id, received_at, headers, body)
        SELECT stored.id, %(at)s, jsonb_build_object('via', %(via)s::text, 'login', session_user)::text, body FROM stored, made)
    SELECT EXISTS (SELECT 1 FROM stored)"""

# At most ten a key, as at the HTTP door.
_CONFLICT = """
    INSERT INTO bursar.inbox_conflict (source, event_id, sha256, received_at, headers, body)
    SELECT 'app', %(key)s, sha256(%(body)s::bytea), %(at)s, %(headers)s, %(body)s::bytea
    WHERE (SELECT count(*) FROM bursar.inbox_conflict WHERE source = 'app' AND event_id = %(key)s) < 10
    ON CONFLICT DO NOTHING"""


@dataclass(frozen=True, slots=True)
class Submission:
    """One verified command."""

    name: str
    payload: str
    """JSON text."""
    key: str
    lane: str | None
    actor: str | None
    app: str
    at: datetime

    def values(self) -> dict[str, Any]:
        """The statements' parameters."""
        return {
            "name": self.name,
            "payload": self.payload,
            "key": self.key,
            "lane": self.lane,
            "actor": self.actor,
            "via": f"celery:{self.app}",
            "at": self.at,
        }


@dataclass(frozen=True, slots=True)
class Stored:
    """The command's row."""

    id: int
    queue: str
    state: str


def accept(connection: Connection, submission: Submission) -> Stored:
    """Put it into the inbox, or find it there.

    Raises:
        DBAPIError: it was refused (its `orig.sqlstate` begins with BU), or the database failed.
    """
    connection.exec_driver_sql(_ACCEPT, submission.values())
    return Stored(*connection.exec_driver_sql(_STORED, {"key": submission.key}).one())


def keep_unknown(connection: Connection, submission: Submission, failure: Failure) -> bool:
    """Keep a command of an unknown name as a dead row; False when its key is another one's."""
    told = {"error_class": failure.error_class, "error": failure.error, "fingerprint": failure.fingerprint, "version": VERSION}
    return bool(connection.exec_driver_sql(_KEEP, submission.values() | told).scalar_one())


def keep_conflict(connection: Connection, submission: Submission, body: str) -> None:
    """Keep a body that came under the key of another, for comparison."""
    headers = msgspec.json.encode({"verified-by": f"app:{submission.app}"}).decode()
    told = {"body": body.encode(errors="surrogatepass"), "headers": headers}
    connection.exec_driver_sql(_CONFLICT, submission.values() | told)
