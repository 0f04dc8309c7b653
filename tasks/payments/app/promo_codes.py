"""`billing.promo_codes.*`: codes are given out, reserved for orders, used up and given back."""

from __future__ import annotations

from billing.operations.issue_promo_codes import issue_promo_codes, withdraw_promo_codes
from billing.operations.move_promo import move_promo
from billing.operations.release_promo import release_redemption
from billing.operations.reserve_promo import reserve_promo
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Command, Rejected
from billing.rules.commands.promo_codes import (
    CodesTold,
    ConsumeCode,
    IssueCodes,
    RedemptionTold,
    ReleaseCode,
    ReserveCode,
    WithdrawCodes,
)
from billing.rules.facts.event import Event
from billing.rules.instants import iso
from core.ids import public_id
from models.base import OWN_SOURCE
from models.promo_redemption import PromoRedemption
from providers.app.read_command import read_command


def facts(event: Event) -> Command:
    """The command."""
    return read_command(event)


def issue(unit: UnitOfWork, command: IssueCodes) -> CodesTold:
    """Give codes out."""
    return CodesTold(campaign=command.campaign, changed=issue_promo_codes(unit, command))


def withdraw(unit: UnitOfWork, command: WithdrawCodes) -> CodesTold:
    """Take codes out of use."""
    return CodesTold(campaign=command.campaign, changed=withdraw_promo_codes(unit, command))


def reserve(unit: UnitOfWork, command: ReserveCode) -> RedemptionTold:
    """Take one use for an order."""
    return _told(reserve_promo(unit, command))


def consume(unit: UnitOfWork, command: ConsumeCode) -> RedemptionTold:
    """It was paid, otherwise than by us."""
    row = _known(unit, command.reference)
    move_promo(unit, row, "consumed")
    return _told(row)


def release(unit: UnitOfWork, command: ReleaseCode) -> RedemptionTold:
    """Give the use back."""
    row = _known(unit, command.reference)
    release_redemption(unit, row, command.because)
    return _told(row)


def _known(unit: UnitOfWork, reference: str) -> PromoRedemption:
    row = unit.row(PromoRedemption, OWN_SOURCE, reference)
    if row.incomplete:
        raise Rejected("unknown_redemption", f"nothing was reserved for {reference}", {"field": "reference"})
    return row


def _told(row: PromoRedemption) -> RedemptionTold:
    off = row.amount_off_minor or 0
    return RedemptionTold(
        redemption=public_id(row.PUBLIC_PREFIX, row.id),
        reference=row.external_id,
        status=row.status or "reserved",
        code=row.code_ref or "",
        amount_off_minor=off,
        due_minor=(row.subtotal_minor or 0) - off,
        currency=row.currency or "",
        line_discounts_minor=tuple(line["off_minor"] for line in row.lines or []),
        expires_at=iso(row.expires_at) or "",
    )
