"""Tells operators of events and calls that died: one mail per cause, day and address, as outbox rows (MAIL-6, promise 7)."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from core.redaction import scrub
from emails.alerts import DeadLetterAlert
from emails.catalogue import outbox_key

MAIL = "dead_letter_alert"
_MAX_ERROR_CHARS = 600
_MAX_TYPES = 5
_MANY = 1000
"""What one replay takes unless it is told a limit (`--limit`)."""


@dataclass(frozen=True, slots=True)
class DeadGroup:
    """Dead rows with one cause."""

    table: Literal["inbox", "outbox"]
    fingerprint: str
    count: int
    queue: str
    source: str
    """The provider's name; for calls the kind, such as `mail.send`."""
    types: Sequence[str]
    object_id: str | None
    error_class: str
    error: str
    first_at: datetime
    last_at: datetime
    """When the newest of them died: a group that grows on another day is told again."""
    newest_id: int


def rows(dead: Iterable[DeadGroup], recipients: Sequence[str], now: datetime) -> list[dict[str, Any]]:
    """Outbox rows for these groups; asking again gives the same keys, so that the table's constraint keeps the first ones."""
    return [_row(group, to, now) for group in dead for to in recipients]


def key(table: str, fingerprint: str, last_at: datetime, to: str) -> str:
    """What makes one mail of a cause, a day and an address."""
    return outbox_key(MAIL, to, table, fingerprint, last_at.astimezone(UTC).date().isoformat())


def _row(group: DeadGroup, to: str, now: datetime) -> dict[str, Any]:
    return {
        "kind": "mail.send",
        "key": key(group.table, group.fingerprint, group.last_at, to),
        "queue": "notifications",
        "lane": f"mail:{MAIL}:{group.fingerprint}",
        "payload": {"mail": MAIL, "to": to, "context": asdict(context_of(group))},
        "inbox_id": None,
        "created_at": now,
        "fair_at": now,
        "next_at": now,
    }


def context_of(group: DeadGroup) -> DeadLetterAlert:
    """What the mail says of a group: where, what, how often, why, and the commands to run next."""
    types = list(group.types)[:_MAX_TYPES]
    more = len(group.types) - len(types)
    return DeadLetterAlert(
        what="event" if group.table == "inbox" else "call",
        queue=group.queue,
        source=group.source,
        event_type=", ".join(types) + (f" and {more} more" if more > 0 else ""),
        object_id=group.object_id,
        error_class=group.error_class,
        error=scrub(group.error)[:_MAX_ERROR_CHARS],
        fingerprint=group.fingerprint,
        count=group.count,
        row=group.newest_id,
        first_at=_instant(group.first_at),
        last_at=_instant(group.last_at),
        overview="bursar inbox groups" if group.table == "inbox" else "bursar outbox ls --state dead",
        look=f"bursar {group.table} show {group.newest_id}",
        replay=replay_command(group),
    )


def replay_command(group: DeadGroup) -> str:
    """The command that opens the whole group; without its reason."""
    limit = ["--limit", str(group.count)] if group.count > _MANY else []
    return shlex.join(["bursar", group.table, "replay", "--state", "dead", "--error", group.fingerprint, *limit])


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
