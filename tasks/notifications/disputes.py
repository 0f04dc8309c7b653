"""Tells operators of new disputes, and reminds them before the deadline for evidence (DISPUTE-1, DISPUTE-3). Each mail once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from billing.rules.money import amount_text
from core.redaction import scrub
from emails.alerts import DisputeAlert, DisputeReminder
from emails.catalogue import outbox_key
from models.bulk import insert_rows
from models.outbox import OUTBOX

ALERT, REMINDER = "dispute_alert", "dispute_reminder"
DAYS_BEFORE = (1, 3, 7)
_MOST = 200

_COLUMNS = """d.id, d.source, d.external_id, d.status, d.reason, d.amount_minor, d.currency, d.evidence_due_at, d.charge_ref,
              d.payment_ref, c.assigned_to"""
_UNTOLD = f"""SELECT {_COLUMNS} FROM bursar.dispute_case c JOIN bursar.dispute d ON d.source = c.source AND d.external_id = c.external_id
              WHERE c.alerted_at IS NULL ORDER BY c.created_at LIMIT %(most)s FOR UPDATE OF c SKIP LOCKED"""  # noqa: S608 - our own names
_MARK = """UPDATE bursar.dispute_case c SET alerted_at = %(now)s FROM bursar.dispute d
           WHERE d.id = ANY (%(ids)s) AND c.source = d.source AND c.external_id = d.external_id"""
_DUE = f"""SELECT {_COLUMNS} FROM bursar.dispute_case c JOIN bursar.dispute d ON d.source = c.source AND d.external_id = c.external_id
           WHERE c.status = 'open' AND c.evidence_due_at > %(now)s AND c.evidence_due_at <= %(until)s
           ORDER BY c.evidence_due_at LIMIT %(most)s"""  # noqa: S608 - our own names

Row = Mapping[str, Any]


def tell_new(connection: Connection, recipients: Sequence[str], now: datetime) -> tuple[int, int]:
    """Mails about disputes that nobody was told of; (disputes, mails)."""
    rows = [dict(row) for row in connection.exec_driver_sql(_UNTOLD, {"most": _MOST}).mappings()]
    if not rows:
        return 0, 0
    made = _store(connection, [mail for row in rows for mail in _alerts(row, recipients, now)])
    connection.exec_driver_sql(_MARK, {"now": now, "ids": [row["id"] for row in rows]})
    return len(rows), made


def remind(connection: Connection, recipients: Sequence[str], now: datetime) -> tuple[int, int]:
    """Mails about deadlines that have come near; of several marks passed at once only the nearest is told."""
    bound = {"now": now, "until": now + timedelta(days=max(DAYS_BEFORE)), "most": _MOST}
    rows = [dict(row) for row in connection.exec_driver_sql(_DUE, bound).mappings()]
    return len(rows), _store(connection, [mail for row in rows for mail in _reminders(row, recipients, now)])


def _store(connection: Connection, mails: list[dict[str, Any]]) -> int:
    if not mails:
        return 0
    mails.sort(key=lambda mail: mail["key"])
    return len(insert_rows(connection, OUTBOX, mails, once_by=("kind", "key"), returning=("id",)))


def _alerts(row: Row, recipients: Sequence[str], now: datetime) -> Iterator[dict[str, Any]]:
    context = asdict(DisputeAlert(**_common(row), reason=scrub(row["reason"] or "not said"), status=scrub(row["status"] or "unknown")))
    for to in recipients:
        yield _mail(ALERT, to, outbox_key(ALERT, to, row["source"], row["external_id"]), context, now)


def _reminders(row: Row, recipients: Sequence[str], now: datetime) -> Iterator[dict[str, Any]]:
    left = row["evidence_due_at"] - now
    days = next(mark for mark in DAYS_BEFORE if left <= timedelta(days=mark))
    context = asdict(DisputeReminder(**_common(row), days=days))
    due = row["evidence_due_at"].astimezone(UTC).date().isoformat()
    for to in recipients:
        yield _mail(REMINDER, to, outbox_key(REMINDER, to, row["source"], row["external_id"], due, str(days)), context, now)


def _common(row: Row) -> dict[str, Any]:
    currency, minor, due = row["currency"] or "", row["amount_minor"], row["evidence_due_at"]
    amount = "an unknown amount"
    if currency and minor is not None:
        amount = amount_text(minor, currency, row["source"])
    return {
        "dispute": row["external_id"], "source": row["source"], "amount": amount, "charge": row["charge_ref"] or row["payment_ref"],
        "due_at": due.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC") if due else None, "assigned_to": row["assigned_to"],
        "look": f"bursar dispute show {row['external_id']}",
    }  # fmt: skip


def _mail(name: str, to: str, key: str, context: dict[str, Any], now: datetime) -> dict[str, Any]:
    return {
        "kind": "mail.send", "key": key, "queue": "notifications", "lane": f"mail:{name}",
        "payload": {"mail": name, "to": to, "context": context}, "inbox_id": None, "created_at": now, "fair_at": now, "next_at": now,
    }  # fmt: skip
