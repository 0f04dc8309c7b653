"""Records that someone entered or left a session. Who it is, is matched later; the unmatched are kept (ZOOM-5)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from billing.operations.apply_fact import apply_fact
from billing.operations.unit import UnitOfWork
from billing.rules.facts.meeting import PresenceFact
from billing.rules.instants import iso
from billing.rules.presence import intervals
from models.meeting import MeetingParticipant, MeetingSession


def record_presence(unit: UnitOfWork, fact: PresenceFact) -> MeetingParticipant:
    """Merge what is known of the person and add the moment to the row's sets; `intervals` follows from the sets.

    A leave is accepted at any time, also after the session's end and before its own entry.
    """
    row = unit.row(MeetingParticipant, fact.source, fact.external_id)
    said = dict(fact.said())
    del said["entered_at"], said["left_at"]
    apply_fact(unit, row, fact, said)
    row.session_id = unit.row(MeetingSession, fact.source, fact.session_ref).id
    entries, leaves = _with(row.entries, fact.entered_at), _with(row.leaves, fact.left_at)
    if entries != row.entries or leaves != row.leaves:
        row.entries, row.leaves = entries, leaves
        pairs = intervals(map(datetime.fromisoformat, entries), map(datetime.fromisoformat, leaves))
        row.intervals = [[iso(entered), iso(left)] for entered, left in pairs]
        row.updated_at = max(row.updated_at, unit.now)
    return row


def _with(held: list[Any] | None, at: datetime | None) -> list[Any]:
    return sorted({*(held or ()), *((iso(at),) if at is not None else ())})
