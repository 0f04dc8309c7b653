"""Records that a meeting was held: its start, its end, its recording, each told by an event of its own."""

from __future__ import annotations

from billing.operations.apply_fact import apply_fact
from billing.operations.unit import UnitOfWork
from billing.rules.facts.meeting import MeetingSessionFact
from models.meeting import Meeting, MeetingSession


def record_meeting_session(unit: UnitOfWork, fact: MeetingSessionFact) -> MeetingSession:
    """Merge the session, link its meeting, and audit a change of its status.

    The end may be told before the start (seen in practice before participants' leaves, too): status follows from which
    of the two are known, so any order ends the same.
    """
    row = unit.row(MeetingSession, fact.source, fact.external_id)
    apply_fact(unit, row, fact)
    if row.meeting_ref is not None:
        row.meeting_id = unit.row(Meeting, fact.source, row.meeting_ref).id
    status = "ended" if row.ended_at is not None else "live" if row.started_at is not None else "expected"
    if status != row.status:
        before, after = {"status": row.status}, {"status": status}
        unit.audit("meeting_session.status", MeetingSession.NAME, row.id, before=before, after=after)
        row.status = status
    return row
