"""Records what a provider said about a planned meeting."""

from __future__ import annotations

from billing.operations.apply_fact import apply_fact
from billing.operations.unit import UnitOfWork
from billing.rules.facts.meeting import MeetingFact
from billing.rules.instants import iso
from models.meeting import Meeting


def record_meeting(unit: UnitOfWork, fact: MeetingFact) -> Meeting:
    """Merge the plan; audits that a meeting was deleted, because registrations and attendance hang on it."""
    row = unit.row(Meeting, fact.source, fact.external_id)
    changes = apply_fact(unit, row, fact)
    if "deleted_at" in changes:
        before, after = changes["deleted_at"]
        was, is_now = {"deleted_at": iso(before)}, {"deleted_at": iso(after)}
        unit.audit("meeting.deleted", Meeting.NAME, row.id, before=was, after=is_now)
    return row
