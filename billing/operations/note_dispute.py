"""Keeps what people say about a dispute, and who cares for it (DISPUTE-3)."""

from __future__ import annotations

from billing.operations.own_row import own_row
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.commands.disputes import NoteDispute
from billing.rules.instants import iso
from models.dispute import Dispute
from models.dispute_case import DisputeCase


def note_dispute(unit: UnitOfWork, command: NoteDispute) -> tuple[Dispute, DisputeCase]:
    """Add the note; the newest one said again, by the same person at the same instant (a replay), is no second note.

    Raises:
        Rejected: `dispute_unknown`.
    """
    dispute = unit.row(Dispute, command.source, command.dispute_ref)
    if dispute.incomplete:
        raise Rejected("dispute_unknown", f"{command.source} never told of a dispute {command.dispute_ref}", {"field": "dispute_ref"})
    case, new = own_row(unit, DisputeCase, command.source, command.dispute_ref)
    if new:
        case.status = "open"
    before = {"assigned_to": case.assigned_to}
    if command.text is not None:
        note = {"at": iso(unit.now), "actor": unit.actor, "text": command.text.strip()}
        if note not in (case.notes or []):
            case.notes = [*(case.notes or []), note]
            after = {"dispute": dispute.external_id, "notes": len(case.notes)}
            unit.audit("dispute.noted", Dispute.NAME, dispute.id, before=None, after=after)
    if command.assign_to is not None and command.assign_to != case.assigned_to:
        case.assigned_to = command.assign_to
        unit.audit("dispute.assigned", Dispute.NAME, dispute.id, before=before, after={"assigned_to": case.assigned_to})
    return dispute, case
