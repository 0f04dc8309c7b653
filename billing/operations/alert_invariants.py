"""Tells operators that an invariant does not hold: one mail per rule, day and address (promise 5, MAIL-6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from emails.alerts import InvariantAlert
from emails.catalogue import outbox_key

MAIL = "invariant_alert"
_SHOWN = 5


def invariant_mails(
    rule: str, why: str, rows: Sequence[tuple[str, str]], then: str, recipients: Sequence[str], now: datetime
) -> list[dict[str, Any]]:
    """Outbox rows for one broken rule; asking again on the same day gives the same keys."""
    context = InvariantAlert(
        rule=rule, why=why, found=[f"{about}: {said}" for about, said in rows[:_SHOWN]], more=len(rows) > _SHOWN, then=then
    )
    day = now.astimezone(UTC).date().isoformat()
    return [
        {
            "kind": "mail.send",
            "key": outbox_key(MAIL, to, rule, day),
            "queue": "notifications",
            "lane": f"mail:{MAIL}:{rule}",
            "payload": {"mail": MAIL, "to": to, "context": asdict(context)},
            "inbox_id": None,
            "created_at": now,
            "fair_at": now,
            "next_at": now,
        }
        for to in recipients
    ]
