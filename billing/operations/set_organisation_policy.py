"""Sets how an organisation's seats are counted and billed (SEAT-2, SEAT-5, SEAT-9)."""

from __future__ import annotations

from billing.operations.organisation_of import active_organisation
from billing.operations.seat_count import plan_sync
from billing.operations.unit import UnitOfWork
from billing.rules.commands.organisations import SetOrganisationPolicy
from models.organisation import Organisation

_SAID = ("quantity_mode", "proration", "invitations_reserve", "invitation_days", "window_s")


def set_organisation_policy(unit: UnitOfWork, command: SetOrganisationPolicy) -> Organisation:
    """The organisation, with the policy as a whole. Invitations keep what they were made with.

    Raises:
        Rejected: `unknown_organisation`, `organisation_deleted`.
    """
    row = active_organisation(unit, command.organisation_ref)
    before = {name: getattr(row, name) for name in _SAID}
    after = {name: getattr(command, name) for name in _SAID}
    if before == after:
        return row
    for name, value in after.items():
        setattr(row, name, value)
    unit.audit("organisation.policy_set", Organisation.NAME, row.id, before=before, after=after | {"why": command.reason})
    if row.quantity_mode == "bought":
        row.sync_due_at = row.asked_quantity = None
    plan_sync(unit, row)
    return row
