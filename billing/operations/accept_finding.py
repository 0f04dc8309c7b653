"""Lets a finding stand because a person said why (RECON-8)."""

from __future__ import annotations

from billing.operations.move_status import move_status
from billing.operations.repair_finding import open_finding
from billing.operations.unit import UnitOfWork
from billing.rules.states_recon import FINDING
from models.finding import Finding


def accept_finding(unit: UnitOfWork, source: str, reference: str, *, reason: str) -> Finding:
    """The finding, accepted; runs leave it so while its amounts are these.

    Args:
        unit: the transaction; its actor accepts.
        source: the provider.
        reference: the finding's.
        reason: why it may stand.

    Raises:
        Rejected: `unknown_finding`, `not_open`.
    """
    row = open_finding(unit, source, reference)
    before, row.status = row.status, "accepted"
    row.accepted_at, row.accepted_by, row.accepted_reason, row.updated_at = unit.now, unit.actor, reason, unit.now
    about = {"reason": reason, "ours_minor": row.ours_minor, "theirs_minor": row.theirs_minor, "currency": row.currency}
    move_status(unit, row, FINDING, before, "accepted", about)
    return row
