"""Records that someone registered for a meeting at the meeting's provider."""

from __future__ import annotations

from billing.operations.apply_fact import apply_fact
from billing.operations.unit import UnitOfWork
from billing.rules.facts.meeting import RegistrantFact
from models.meeting import Meeting, MeetingRegistrant


def record_registrant(unit: UnitOfWork, fact: RegistrantFact) -> MeetingRegistrant:
    """Merge the registration and link its meeting."""
    row = unit.row(MeetingRegistrant, fact.source, fact.external_id)
    apply_fact(unit, row, fact)
    row.meeting_id = unit.row(Meeting, fact.source, fact.meeting_ref).id
    return row
