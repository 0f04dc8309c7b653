"""Records what befell a user who hosts meetings: deactivated, deleted, or gone with the app's authorisation."""

from __future__ import annotations

from billing.operations.apply_fact import apply_fact
from billing.operations.unit import UnitOfWork
from billing.rules.facts.meeting import MeetingHostFact
from billing.rules.instants import iso
from models.meeting import MeetingHost

_ENDINGS = ("deactivated_at", "deleted_at", "deauthorized_at")


def record_meeting_host(unit: UnitOfWork, fact: MeetingHostFact) -> MeetingHost:
    """Merge the user; each ending is audited, because meetings can no longer be made in that user's name.

    Only recorded here: erasing the data of a user who removed the app (`erase_requested`) and reporting the erasure
    to the provider is work of its own, which finds its cases by this row.
    """
    row = unit.row(MeetingHost, fact.source, fact.external_id)
    changes = apply_fact(unit, row, fact)
    for name in _ENDINGS:
        if name in changes:
            before, after = changes[name]
            unit.audit(
                f"meeting_host.{name.removesuffix('_at')}",
                MeetingHost.NAME,
                row.id,
                before={name: iso(before)},
                after={name: iso(after), "erase_requested": row.erase_requested},
            )
    return row
