"""Tells operators that the clock jumped and that money waits for their consent: once for each day, not for each tick of a bad clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from emails.alerts import ClockJumpAlert
from emails.catalogue import outbox_key
from models.bulk import insert_rows
from models.outbox import OUTBOX

NAME = "clock_jump_alert"
_UNTOLD = """UPDATE bursar.clock_jump SET told_at = %(now)s
             WHERE told_at IS NULL AND consented_at IS NULL AND undone_at IS NULL RETURNING id, from_at, to_at, passed_s"""
_HELD = "SELECT DISTINCT job FROM bursar.schedule_slot WHERE state = 'held' AND money ORDER BY job"


def tell_jumps(connection: Connection, recipients: Sequence[str], now: datetime) -> tuple[int, int]:
    """Mails about jumps that nobody was told of; (jumps, mails)."""
    jumps = sorted(connection.exec_driver_sql(_UNTOLD, {"now": now}), key=lambda jump: int(jump.id))
    if not jumps:
        return 0, 0
    held = list(connection.exec_driver_sql(_HELD).scalars())
    mails = {mail["key"]: mail for jump in jumps for to in recipients for mail in [_mail(jump, held, to, now)]}
    made = insert_rows(connection, OUTBOX, [mails[key] for key in sorted(mails)], once_by=("kind", "key"), returning=("id",))
    return len(jumps), len(made)


def _mail(jump: Any, held: list[str], to: str, now: datetime) -> dict[str, Any]:
    context = ClockJumpAlert(
        before=_text(jump.from_at), after=_text(jump.to_at), passed=None if jump.passed_s is None else f"{jump.passed_s} s", held=held,
        look="bursar doctor", consent="bursar schedule consent --reason '...'",
    )  # fmt: skip
    day = now.astimezone(UTC).date().isoformat()
    return {
        "kind": "mail.send", "key": outbox_key(NAME, to, day), "queue": "notifications", "lane": f"mail:{NAME}",
        "payload": {"mail": NAME, "to": to, "context": asdict(context)}, "inbox_id": None,
        "created_at": now, "fair_at": now, "next_at": now,
    }  # fmt: skip


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
