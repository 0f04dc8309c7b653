"""`billing.organisations.*`: what organisations want of their seats, and their end."""

from __future__ import annotations

from billing.operations.close_organisation import close_organisation
from billing.operations.seat_plan import seat_plan
from billing.operations.set_organisation_policy import set_organisation_policy
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Command
from billing.rules.commands.organisations import (
    DeleteOrganisation,
    OrganisationDeleted,
    OrganisationStands,
    SetOrganisationPolicy,
)
from billing.rules.facts.event import Event
from core.ids import public_id
from providers.app.read_command import read_command


def facts(event: Event) -> Command:
    """The command."""
    return read_command(event)


def set_policy(unit: UnitOfWork, command: SetOrganisationPolicy) -> OrganisationStands:
    """How its seats are counted and billed."""
    row = set_organisation_policy(unit, command)
    return OrganisationStands(
        organisation=public_id(row.PUBLIC_PREFIX, row.id), organisation_ref=row.external_id, status=row.status or "active",
        seats_taken=row.seats_taken or 0, seats_reserved=row.seats_reserved or 0,
        seat_limit=seat_plan(unit, row.external_id).limit_of(row),
    )  # fmt: skip


def delete(unit: UnitOfWork, command: DeleteOrganisation) -> OrganisationDeleted:
    """It ends for good."""
    closed = close_organisation(unit, command)
    row = closed.organisation
    return OrganisationDeleted(
        organisation_ref=row.external_id, ended=closed.ended, final_invoices=closed.final_invoices,
        held_accounts=[str(one) for one in row.held_accounts or ()], members_left=closed.members_left,
        assets=row.assets or command.assets, assets_to=row.assets_to,
    )  # fmt: skip
