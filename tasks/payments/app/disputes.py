"""`billing.disputes.*`: answers to disputes, and notes about them."""

from __future__ import annotations

from billing.operations.answer_dispute import answer_dispute
from billing.operations.note_dispute import note_dispute
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Command
from billing.rules.commands.disputes import AcceptDispute, DisputeAnswered, DisputeNoted, NoteDispute, SubmitEvidence
from billing.rules.facts.event import Event
from core.ids import public_id
from providers.app.read_command import read_command


def facts(event: Event) -> Command:
    """The command."""
    return read_command(event)


def submit_evidence(unit: UnitOfWork, command: SubmitEvidence) -> DisputeAnswered:
    """Evidence for the payer's bank."""
    return _answered(unit, command)


def accept(unit: UnitOfWork, command: AcceptDispute) -> DisputeAnswered:
    """A dispute given up."""
    return _answered(unit, command)


def note(unit: UnitOfWork, command: NoteDispute) -> DisputeNoted:
    """A note, or who cares for it."""
    dispute, case = note_dispute(unit, command)
    return DisputeNoted(
        dispute=public_id(dispute.PUBLIC_PREFIX, dispute.id), notes=len(case.notes or []), assigned_to=case.assigned_to
    )


def _answered(unit: UnitOfWork, command: SubmitEvidence | AcceptDispute) -> DisputeAnswered:
    row, dispute = answer_dispute(unit, command)
    return DisputeAnswered(
        request=public_id(row.PUBLIC_PREFIX, row.id), reference=row.external_id, status=row.status or "requested",
        dispute_status=dispute.status or "unknown",
    )  # fmt: skip
