"""Tells operators of deliveries that were stored and not processed: other bytes under a known id, and events of the other mode.

Both are answered by the door without anybody at work noticing; the first may be an attack, the second a wrong setting.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from core.redaction import scrub
from emails.alerts import ConflictAlert, OtherModeAlert
from emails.catalogue import outbox_key

CONFLICT, OTHER_MODE = "conflict_alert", "other_mode_alert"
EXAMPLES = 10
"""Of one mail; the rest is a number."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A body that came under another body's id."""

    id: int
    source: str
    event_id: str
    received_at: datetime
    size_bytes: int
    inbox_id: int | None
    """The row of the first body, which stands. Known for those that are shown."""


@dataclass(frozen=True, slots=True)
class OtherMode:
    """Events of one type that do not fit the database's mode."""

    source: str
    event_type: str
    count: int
    last_at: datetime


def conflict_mails(found: Sequence[Conflict], recipients: Sequence[str], now: datetime) -> list[dict[str, Any]]:
    """One mail to each operator about all of `found`, which is not empty and in order of arrival."""
    context = asdict(_conflicts(found))
    subject = f"{min(one.id for one in found)}-{max(one.id for one in found)}"
    return [_mail(CONFLICT, to, outbox_key(CONFLICT, to, subject), context, now) for to in recipients]


def other_mode_key(to: str, last_at: datetime) -> str:
    """What makes one mail of a day and an address."""
    return outbox_key(OTHER_MODE, to, last_at.astimezone(UTC).date().isoformat())


def other_mode_mails(found: Sequence[OtherMode], mode: str, recipients: Sequence[str], now: datetime) -> list[dict[str, Any]]:
    """One mail to each operator about all of `found`, which is not empty; `mode` is the database's."""
    last_at = max(one.last_at for one in found)
    kinds = sorted(found, key=lambda one: (-one.count, one.source, one.event_type))
    context = asdict(
        OtherModeAlert(
            mode=mode,
            count=sum(one.count for one in found),
            types=[f"{one.count} {one.source} {scrub(one.event_type)}" for one in kinds[:EXAMPLES]],
            more=max(0, len(kinds) - EXAMPLES),
            last_at=_instant(last_at),
            look="bursar inbox ls --state ignored --since 1d",
        )
    )
    return [_mail(OTHER_MODE, to, other_mode_key(to, last_at), context, now) for to in recipients]


def _conflicts(found: Sequence[Conflict]) -> ConflictAlert:
    by_source = Counter(one.source for one in found)
    return ConflictAlert(
        count=len(found),
        sources=", ".join(f"{count} of {source}" for source, count in by_source.most_common()),
        examples=[_example(one) for one in found[:EXAMPLES]],
        more=max(0, len(found) - EXAMPLES),
        first_at=_instant(found[0].received_at),
        last_at=_instant(found[-1].received_at),
        overview="bursar inbox show ID",
    )


def _example(one: Conflict) -> str:
    look = f"bursar inbox show {one.inbox_id}" if one.inbox_id is not None else "its first body is no longer kept"
    return f"{_instant(one.received_at)} {one.source} {scrub(one.event_id)[:120]}, {one.size_bytes} bytes: {look}"


def _mail(name: str, to: str, key: str, context: dict[str, Any], now: datetime) -> dict[str, Any]:
    return {
        "kind": "mail.send",
        "key": key,
        "queue": "notifications",
        "lane": f"mail:{name}",
        "payload": {"mail": name, "to": to, "context": context},
        "inbox_id": None,
        "created_at": now,
        "fair_at": now,
        "next_at": now,
    }


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
