"""Tells operators what waits for them before the ministry accepts a document, and when a person must log in there again (TAX-3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Row

from billing.operations.alarm_efactura import alarm_efactura
from billing.operations.unit import UnitOfWork
from core.redaction import scrub
from emails.alerts import AnafLoginAlert
from emails.catalogue import outbox_key
from models.bulk import insert_rows
from models.efactura import Efactura
from models.outbox import OUTBOX
from workers.context import Context
from workers.paging import Paged
from workers.unit import Reference

DAYS_BEFORE = (30, 7, 1, 0)
"""Days before the login's end at which operators are told; after it once more."""
_MAIL = "anaf_login_alert"
_SOURCE = "anaf"
_DUE = """SELECT e.alarm_at AS due_at, e.id, e.external_id AS item FROM bursar.efactura e
          WHERE e.alarm_at <= %(now)s AND e.status <> 'accepted' AND (e.alarm_at, e.id) > (%(after_at)s, %(after_id)s)
          ORDER BY e.alarm_at, e.id LIMIT %(page)s FOR UPDATE OF e SKIP LOCKED"""
_ENDS = """SELECT refresh_ends_at, access_ends_at, error FROM bursar.anaf_token WHERE login = %(login)s
           AND refresh_ends_at <= %(until)s"""


def _references(row: Row[Any]) -> Iterator[Reference]:
    yield Efactura.NAME, _SOURCE, row.item


def alarms(recipients: Sequence[str]) -> Paged:
    """The run for these operators."""

    def tell(unit: UnitOfWork, rows: Sequence[Row[Any]]) -> None:
        for one in rows:
            alarm_efactura(unit, unit.row(Efactura, _SOURCE, one.item), recipients)

    return Paged(job="alert_efacturas", due=_DUE, references=_references, work=tell)


def tell_of_login(context: Context) -> int:
    """One mail per operator 30, 7 and 1 days before the login at ANAF ends, and when it has; how many were new."""
    now, settings = context.clock.now(), context.settings
    with context.engine.begin() as connection:
        bound = {"login": settings.anaf_client_id, "until": now + timedelta(days=max(DAYS_BEFORE))}
        found = connection.exec_driver_sql(_ENDS, bound).mappings().one_or_none()
        if found is None:
            return 0
        mails = [_mail(dict(found), to, now) for to in sorted(settings.operator_emails)]
        return len(insert_rows(connection, OUTBOX, mails, once_by=("kind", "key"), returning=("id",))) if mails else 0


def _mail(found: Mapping[str, Any], to: str, now: datetime) -> dict[str, Any]:
    ends_at: datetime = found["refresh_ends_at"]
    left = min(days for days in DAYS_BEFORE if ends_at <= now + timedelta(days=days))
    told = AnafLoginAlert(
        said="has ended" if ends_at <= now else "ends soon", ends_at=_text(ends_at), access_ends_at=_text(found["access_ends_at"]),
        error=scrub(found["error"]) if found["error"] else None, look="bursar efactura token show", then="bursar efactura token url",
    )  # fmt: skip
    return {
        "kind": "mail.send", "key": outbox_key(_MAIL, to, ends_at.date().isoformat(), str(left)), "queue": "notifications",
        "lane": f"mail:{_MAIL}", "payload": {"mail": _MAIL, "to": to, "context": asdict(told)}, "inbox_id": None,
        "created_at": now, "fair_at": now, "next_at": now,
    }  # fmt: skip


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
