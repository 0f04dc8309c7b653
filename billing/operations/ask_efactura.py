"""Asks the ministry what became of an upload, or for the papers of its decision, when that is due (TAX-3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from billing.operations.send_efactura import QUEUE, lane_of
from billing.operations.unit import UnitOfWork
from billing.rules.paper.poll_plan import local_day
from models.efactura import Efactura

_SAFETY = timedelta(hours=12)
"""Until it is asked again if the question itself comes to nothing; the answer sets the next time, this only survives its loss."""


_OPEN = """SELECT key FROM bursar.outbox WHERE kind = 'anaf.fetch' AND key = ANY (%(keys)s)
           AND state IN ('received', 'processing', 'waiting')"""
"""While nobody is logged in calls wait for as long as it takes; further ones beside them would all be made on the day of the login."""


def ask_efacturas(unit: UnitOfWork, rows: Sequence[Efactura]) -> None:
    """One question each, counted by the ministry's day; none where the one before is still to be put."""
    due = [row for row in rows if row.next_poll_at is not None and row.next_poll_at <= unit.now]
    opened = {one["key"] for one in unit.committed(_OPEN, {"keys": [_key(row) for row in due]})}
    for row in due:
        if _key(row) in opened:
            row.next_poll_at = unit.now + _SAFETY
        else:
            _ask(unit, row)


def _ask(unit: UnitOfWork, row: Efactura) -> None:
    today = local_day(unit.now)
    row.polled_that_day = ((row.polled_that_day or 0) if row.polled_on == today else 0) + 1
    row.polled_on, row.polls, row.next_poll_at = today, (row.polls or 0) + 1, unit.now + _SAFETY
    what = _what(row)
    payload = {
        "what": what, "document": row.external_id, "attempt": row.attempt, "lane": lane_of(row),
        "id": row.upload_index if what == "status" else row.download_id,
    }  # fmt: skip
    unit.send("anaf.fetch", _key(row), payload, queue=QUEUE, lane=lane_of(row))


def _what(row: Efactura) -> str:
    return "status" if row.status == "processing" else "papers"


def _key(row: Efactura) -> str:
    """Of its newest question."""
    return f"{_what(row)}:{row.external_id}:{row.attempt}:no.{row.polls or 0}"
