"""Asks for a comparison with a provider's records (RECON-8). Nothing is read here: a scheduled run does it, in turns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from billing.operations.move_status import move_status
from billing.operations.unit import UnitOfWork
from billing.rules.states_recon import RECON_RUN
from models.recon_run import ReconRun


def ask_recon(
    unit: UnitOfWork, source: str, reference: str, *, since: datetime, until: datetime, objects: Sequence[str], actor: str, reason: str
) -> ReconRun:
    """The run of this reference: made now, or as it stands if it was asked for before.

    Args:
        unit: the transaction.
        source: the provider.
        reference: ours; the same one is the same run.
        since: objects made from here on are compared.
        until: up to here. Leave the youngest out: their events are on their way.
        objects: kinds of objects.
        actor: who asks.
        reason: why.
    """
    row = unit.row(ReconRun, source, reference)
    if row.status is not None:
        return row
    row.versions = {"own": {}}
    row.since_at, row.until_at, row.objects = since, until, list(objects)
    row.accounts, row.step, row.staged, row.counts = None, 0, 0, {}
    row.actor, row.reason, row.requested_at, row.status = actor, reason, unit.now, "asked"
    row.updated_at = unit.now
    about = {"since": since.isoformat(), "until": until.isoformat(), "objects": list(objects)}
    move_status(unit, row, RECON_RUN, None, "asked", about)
    return row
