"""Tells operators what scheduled runs could not do: one mail per job, day and address, with the newest item and its error (promise 7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from core.redaction import scrub
from emails.alerts import RunFailureAlert
from emails.catalogue import outbox_key
from models.bulk import insert_rows
from models.outbox import OUTBOX
from workers.run_failures import BOUND, Failing, failing

NAME = "run_failure_alert"
_MOST_ERROR = 600


def tell_failures(connection: Connection, recipients: Sequence[str], now: datetime) -> tuple[int, int]:
    """Mails about jobs that fail at something and of which nobody was told today; (jobs, mails)."""
    found = failing(connection)
    mails = sorted((_mail(one, to, now) for one in found for to in recipients), key=lambda mail: str(mail["key"]))
    made = insert_rows(connection, OUTBOX, mails, once_by=("kind", "key"), returning=("id",)) if mails else []
    return len(found), len(made)


def _mail(one: Failing, to: str, now: datetime) -> dict[str, Any]:
    items = f"at least {BOUND}" if one.items >= BOUND else str(one.items)
    context = RunFailureAlert(
        job=one.job, items=items, item=one.item, error=scrub(one.error)[:_MOST_ERROR],
        tries=one.tries, first_at=_text(one.first_at), last_at=_text(one.last_at), look=f"bursar run-failures ls {one.job}",
        retry=f"bursar run-failures retry {one.job} --all --reason '...'",
    )  # fmt: skip
    day = now.astimezone(UTC).date().isoformat()
    return {
        "kind": "mail.send", "key": outbox_key(NAME, to, one.job, day), "queue": "notifications", "lane": f"mail:{NAME}:{one.job}",
        "payload": {"mail": NAME, "to": to, "context": asdict(context)}, "inbox_id": None,
        "created_at": now, "fair_at": now, "next_at": now,
    }  # fmt: skip


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
