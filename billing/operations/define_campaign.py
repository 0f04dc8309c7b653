"""Defines a campaign of promo codes, changes it, ends it (PROMO-4)."""

from __future__ import annotations

from billing.operations.move_request import move_request
from billing.operations.own_row import own_row
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.commands.campaigns import DefineCampaign, EndCampaign
from billing.rules.states_promo import CAMPAIGN
from models.base import OWN_SOURCE
from models.campaign import Campaign

_SAID = (
    "title", "kind", "basis_points", "amount_minor", "currency", "buy_quantity", "free_quantity", "starts_on", "ends_on", "zone",
    "max_uses", "max_per_customer",
)  # fmt: skip


def define_campaign(unit: UnitOfWork, command: DefineCampaign) -> Campaign:
    """The campaign as it is wanted; its change is in the audit.

    Raises:
        Rejected: `campaign_ended`, `limit_below_uses`; nothing was changed.
    """
    known = unit.row(Campaign, OWN_SOURCE, command.reference)
    if known.status == "ended":
        raise Rejected("campaign_ended", f"{command.reference} was ended", {"current": "ended", "field": "reference"})
    if command.max_uses is not None and (known.uses or 0) > command.max_uses:
        details = {"current": known.uses, "limit": command.max_uses, "field": "max_uses"}
        raise Rejected("limit_below_uses", f"{known.uses} uses of {command.reference} are taken already", details)
    row, new = own_row(unit, Campaign, OWN_SOURCE, command.reference)
    before = None if new else _terms(row)
    for name in _SAID:
        setattr(row, name, getattr(command, name))
    row.segments = sorted(set(command.segments)) or None
    row.reason, row.actor, row.uses = command.reason, unit.actor, row.uses or 0
    if before is None:
        move_request(unit, row, CAMPAIGN, "active", **_terms(row))
    elif before != _terms(row):
        unit.audit("campaign.changed", Campaign.NAME, row.id, before=before, after=_terms(row))
    return row


def end_campaign(unit: UnitOfWork, command: EndCampaign) -> Campaign:
    """The campaign, ended; again changes nothing.

    Raises:
        Rejected: `unknown_campaign`.
    """
    row = unit.row(Campaign, OWN_SOURCE, command.reference)
    if row.incomplete:
        raise Rejected("unknown_campaign", f"no campaign is called {command.reference}", {"field": "reference"})
    if move_request(unit, row, CAMPAIGN, "ended", reason=command.reason):
        row.ended_at, row.reason = unit.now, command.reason
    return row


def _terms(row: Campaign) -> dict[str, object]:
    return {name: getattr(row, name) for name in (*_SAID, "segments")}
