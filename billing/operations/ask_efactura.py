"""Asks the ministry what became of an upload, or for the papers of its decision, when that is due (TAX-3)."""

from __future__ import annotations

from datetime import timedelta

from billing.operations.send_efactura import QUEUE, lane_of
from billing.operations.unit import UnitOfWork
from billing.rules.paper.poll_plan import local_day
from models.efactura import Efactura

_SAFETY = timedelta(hours=12)
"""Until it is asked again if the question itself comes to nothing; the answer sets the next time, this only survives its loss."""


def ask_efactura(unit: UnitOfWork, row: Efactura) -> None:
    """One question, counted by the ministry's day."""
    if row.next_poll_at is None or row.next_poll_at > unit.now:
        return
    what = "status" if row.status == "processing" else "papers"
    today = local_day(unit.now)
    row.polled_that_day = ((row.polled_that_day or 0) if row.polled_on == today else 0) + 1
    row.polled_on, row.polls, row.next_poll_at = today, (row.polls or 0) + 1, unit.now + _SAFETY
    payload = {
        "what": what, "document": row.external_id, "attempt": row.attempt, "lane": lane_of(row),
        "id": row.upload_index if what == "status" else row.download_id,
    }  # fmt: skip
    key = f"{what}:{row.external_id}:{row.attempt}:{unit.now.isoformat()}"
    unit.send("anaf.fetch", key, payload, queue=QUEUE, lane=lane_of(row))
