"""Tells operators of an e-Factura that was refused, or whose deadline comes near or has passed: each once (TAX-3, MAIL-6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from billing.operations.romanian_holidays import romanian_holidays
from billing.operations.unit import UnitOfWork
from billing.rules.paper.working_days import ZONE, alarm
from core.redaction import scrub
from emails.alerts import EfacturaAlert
from emails.catalogue import outbox_key
from models.efactura import Efactura

MAIL = "efactura_alert"
Stage = Literal["refused", "near", "missed"]
_REFUSED = frozenset({"rejected", "refused_locally"})
_MOST_ERROR = 1500
_LAST_MORNING = timedelta(hours=16)
"""Before the deadline, which is a midnight: who issues late is told then at the latest."""
_SAID: Mapping[Stage, str] = {
    "refused": "was refused",
    "near": "is not accepted yet, and its deadline is near",
    "missed": "was not accepted in time",
}


def alarm_efactura(unit: UnitOfWork, row: Efactura, recipients: Sequence[str]) -> None:
    """Send the mails that are due, and set when there is something to tell next.

    Args:
        unit: the transaction.
        row: locked; one whose `alarm_at` has not come is left alone.
        recipients: operators' addresses, at least one.
    """
    if row.alarm_at is None or row.alarm_at > unit.now or row.status == "accepted":
        return
    near_at = _near_at(row)
    stage = _stage(row, unit.now, near_at)
    name = row.number or row.external_id
    context = EfacturaAlert(
        document=name, said=_SAID[stage], status=row.status or "", error=scrub(row.error)[:_MOST_ERROR] if row.error else None,
        deadline=_text(row.deadline_at) if row.deadline_at else None, look=f"bursar efactura show {name}",
        retry=f"bursar efactura retry {name} --reason '...'" if row.status in _REFUSED else None,
    )  # fmt: skip
    for to in recipients:
        key = outbox_key(MAIL, to, row.external_id, stage, str(row.attempt))
        payload = {"mail": MAIL, "to": to, "context": asdict(context)}
        unit.send("mail.send", key, payload, queue="notifications", lane=f"mail:{MAIL}:{row.external_id}")
    row.alarm, row.updated_at = stage, unit.now
    row.alarm_at = min((at for at in (near_at, row.deadline_at) if at is not None and at > unit.now), default=None)


def _near_at(row: Efactura) -> datetime | None:
    """The morning of the third working day."""
    if row.issued_on is None or row.deadline_at is None:
        return None
    return min(alarm(row.issued_on, row.issued_on, romanian_holidays(row.issued_on.year)), row.deadline_at - _LAST_MORNING)


def _stage(row: Efactura, now: datetime, near_at: datetime | None) -> Stage:
    if row.deadline_at is not None and now >= row.deadline_at:
        return "missed"
    return "refused" if row.status in _REFUSED and (near_at is None or now < near_at or row.alarm is None) else "near"


def _text(at: datetime) -> str:
    """The last minute that is in time, by the ministry's clock."""
    return (at - timedelta(minutes=1)).astimezone(ZoneInfo(ZONE)).strftime("%Y-%m-%d %H:%M in Romania")
