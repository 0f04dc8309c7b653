"""`billing.campaigns.*`: what promo codes give, to whom and when."""

from __future__ import annotations

from billing.operations.define_campaign import define_campaign, end_campaign
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Command
from billing.rules.commands.campaigns import CampaignTold, DefineCampaign, EndCampaign
from billing.rules.facts.event import Event
from core.ids import public_id
from models.campaign import Campaign
from providers.app.read_command import read_command


def facts(event: Event) -> Command:
    """The command."""
    return read_command(event)


def define(unit: UnitOfWork, command: DefineCampaign) -> CampaignTold:
    """Define a campaign, or set it anew."""
    return _told(define_campaign(unit, command))


def end(unit: UnitOfWork, command: EndCampaign) -> CampaignTold:
    """Nothing more is reserved from it."""
    return _told(end_campaign(unit, command))


def _told(row: Campaign) -> CampaignTold:
    return CampaignTold(
        campaign=public_id(row.PUBLIC_PREFIX, row.id), reference=row.external_id, status=row.status or "active", uses=row.uses or 0
    )
