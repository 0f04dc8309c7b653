"""Reserves a use of a promo code for an order (PROMO-1): every rule is checked and the use is taken under the counters' locks."""

from __future__ import annotations

from datetime import timedelta

from billing.operations.move_promo import move_promo
from billing.operations.own_row import own_row
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.commands.promo_codes import ReserveCode
from billing.rules.promo import KINDS, OrderLine, PromoRule, discount, fits_currency, normalised, runs_at
from billing.rules.states_promo import HELD
from models.base import OWN_SOURCE
from models.campaign import Campaign
from models.promo_code import PromoCode
from models.promo_redemption import PromoRedemption
from models.subscriber import Subscriber


def reserve_promo(unit: UnitOfWork, command: ReserveCode) -> PromoRedemption:
    """The reservation; the same one again as it stands. What was released or has expired is reserved anew, by any code.

    Raises:
        Rejected: see the command's REFUSALS; no use was taken and no row changed.
    """
    known = unit.row(PromoRedemption, OWN_SOURCE, command.reference)
    lines = command.lines()
    subtotal = sum(line.total_minor for line in lines)
    if known.status == "reserved" and known.request is None and known.expires_at is not None and known.expires_at <= unit.now:
        move_promo(unit, known, "expired", because="not_paid_in_time")  # as the run would have done in a moment
    if known.status in HELD:
        wanted = {
            "code": normalised(command.code), "subscriber_ref": command.subscriber_ref,
            "currency": command.currency, "subtotal_minor": subtotal,
        }  # fmt: skip
        current = {
            "code": known.code_ref, "subscriber_ref": known.subscriber_ref,
            "currency": known.currency, "subtotal_minor": known.subtotal_minor,
        }  # fmt: skip
        if wanted != current:
            details = {"current": current, "field": "reference"}
            raise Rejected("reference_used", f"{command.reference} has another reservation already", details)
        return known
    code = unit.row(PromoCode, OWN_SOURCE, normalised(command.code))
    if code.incomplete or code.status != "active" or code.campaign_ref is None:
        raise Rejected("unknown_code", "there is no such code", {"field": "code"})
    campaign = unit.row(Campaign, OWN_SOURCE, code.campaign_ref)
    _refuse(unit, command, campaign)
    row, _ = own_row(unit, PromoRedemption, OWN_SOURCE, command.reference)
    row.code_ref, row.campaign_ref, row.subscriber_ref = code.external_id, campaign.external_id, command.subscriber_ref
    row.currency, row.subtotal_minor = command.currency, subtotal
    _take_off(row, rule_of(campaign), lines)
    row.request_source = row.request = row.consumed_at = row.honoured_at = None
    row.reserved_at, row.actor = unit.now, unit.actor
    row.expires_at = unit.now + timedelta(seconds=command.expires_in_s)
    move_promo(unit, row, "reserved")
    return row


def rule_of(campaign: Campaign) -> PromoRule:
    """What the campaign gives."""
    return PromoRule(
        kind=KINDS[campaign.kind or ""], basis_points=campaign.basis_points or 0, amount_minor=campaign.amount_minor or 0,
        currency=campaign.currency, buy_quantity=campaign.buy_quantity or 0, free_quantity=campaign.free_quantity or 0,
    )  # fmt: skip


def _take_off(row: PromoRedemption, rule: PromoRule, lines: list[OrderLine]) -> None:
    off = discount(rule, lines)
    row.amount_off_minor = sum(off)
    row.lines = [
        {"unit_minor": line.unit_minor, "quantity": line.quantity, "off_minor": minor} for line, minor in zip(lines, off, strict=True)
    ]


def _refuse(unit: UnitOfWork, command: ReserveCode, campaign: Campaign) -> None:
    days = campaign.starts_on, campaign.ends_on
    if campaign.status != "active" or not runs_at(unit.now, *days, campaign.zone or "UTC"):
        details = {"current": campaign.status, "limit": list(days)}
        raise Rejected("promo_not_running", f"the campaign {campaign.external_id} does not run now", details)
    if campaign.segments:
        segment = command.segment or unit.row(Subscriber, OWN_SOURCE, command.subscriber_ref).segment
        if segment not in campaign.segments:
            details = {"current": segment, "limit": campaign.segments}
            raise Rejected("not_in_segment", f"the campaign {campaign.external_id} is for other customers", details)
    if not fits_currency(rule_of(campaign), command.currency):
        details = {"current": command.currency, "limit": campaign.currency, "field": "currency"}
        raise Rejected("currency_differs", f"the code takes off {campaign.currency}, the order is in {command.currency}", details)
