"""Gives out promo codes of a campaign, and takes them out of use (PROMO-4)."""

from __future__ import annotations

from billing.operations.move_request import move_request
from billing.operations.own_row import own_row
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.commands.promo_codes import IssueCodes, WithdrawCodes
from billing.rules.promo import normalised
from billing.rules.states_promo import PROMO_CODE
from models.base import OWN_SOURCE
from models.campaign import Campaign
from models.promo_code import PromoCode


def issue_promo_codes(unit: UnitOfWork, command: IssueCodes) -> int:
    """How many codes are new or otherwise than before.

    Raises:
        Rejected: see the command's REFUSALS; no code was issued.
    """
    campaign = unit.row(Campaign, OWN_SOURCE, command.campaign)
    if campaign.incomplete:
        raise Rejected("unknown_campaign", f"no campaign is called {command.campaign}", {"field": "campaign"})
    if campaign.status != "active":
        raise Rejected("campaign_ended", f"{command.campaign} was ended", {"current": campaign.status, "field": "campaign"})
    return sum(_issue(unit, command, code) for code in _each(command.codes))


def withdraw_promo_codes(unit: UnitOfWork, command: WithdrawCodes) -> int:
    """How many codes were active until now.

    Raises:
        Rejected: `unknown_code`; none was withdrawn.
    """
    rows = [unit.row(PromoCode, OWN_SOURCE, code) for code in _each(command.codes)]
    for row in rows:
        if row.incomplete or row.campaign_ref != command.campaign:
            details = {"current": row.external_id, "field": "codes"}
            raise Rejected("unknown_code", f"{row.external_id} is no code of {command.campaign}", details)
    return sum(move_request(unit, row, PROMO_CODE, "withdrawn", campaign=row.campaign_ref, reason=command.reason) for row in rows)


def _each(codes: tuple[str, ...]) -> list[str]:
    return sorted({normalised(code) for code in codes})


def _issue(unit: UnitOfWork, command: IssueCodes, code: str) -> bool:
    known = unit.row(PromoCode, OWN_SOURCE, code)
    if not known.incomplete and known.campaign_ref != command.campaign:
        raise Rejected("code_taken", f"{code} is a code of another campaign", {"current": code, "field": "codes"})
    if command.max_uses is not None and (known.uses or 0) > command.max_uses:
        details = {"current": known.uses, "limit": command.max_uses, "field": "max_uses"}
        raise Rejected("limit_below_uses", f"{known.uses} uses of {code} are taken already", details)
    if known.status == "active" and known.max_uses == command.max_uses:
        return False
    row, new = own_row(unit, PromoCode, OWN_SOURCE, code)
    before, row.campaign_ref, row.max_uses = row.max_uses, command.campaign, command.max_uses
    row.uses, row.actor = row.uses or 0, unit.actor
    about = {"campaign": command.campaign, "max_uses": command.max_uses, "reason": command.reason}
    if not move_request(unit, row, PROMO_CODE, "active", **about) or not new:
        unit.audit("promo_code.changed", PromoCode.NAME, row.id, before={"max_uses": before}, after=about)
    return True
