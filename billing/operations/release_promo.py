"""Gives back the use of a promo code, once (PROMO-2): what it was for was not paid, or was taken back (REFUND-7)."""

from __future__ import annotations

from billing.operations.attach_promo import belongs_to
from billing.operations.move_promo import move_promo
from billing.operations.unit import UnitOfWork
from billing.rules.states_promo import HELD
from models.base import OWN_SOURCE
from models.fulfilment import Fulfilment
from models.promo_redemption import PromoRedemption

REFUND = "refund"


def release_promo(unit: UnitOfWork, fulfilment: Fulfilment) -> bool:
    """Whether this call released it: exactly once per fulfilment, however often and for however many reasons it is revoked.

    A use that was given back stays given back when the refund fails or the dispute is won: another one may have it by then.
    """
    if fulfilment.promo_released_at is not None:
        return False
    fulfilment.promo_released_at = unit.now
    unit.audit("promo.released", Fulfilment.NAME, fulfilment.id, before=None, after={"fulfilment": fulfilment.external_id})
    if fulfilment.promo_ref is not None:
        release_of_request(unit, fulfilment.promo_ref, fulfilment.source, fulfilment.request, REFUND)
    return True


def release_of_request(unit: UnitOfWork, reference: str, source: str, request: str | None, because: str) -> bool:
    """Release the use of an order, if it is still this request's; whether it was."""
    row = unit.row(PromoRedemption, OWN_SOURCE, reference)
    return belongs_to(row, source, request) and release_redemption(unit, row, because)


def release_redemption(unit: UnitOfWork, row: PromoRedemption, because: str) -> bool:
    """Whether there was a use to give back: what is released or expired has none."""
    return row.status in HELD and move_promo(unit, row, "released", because=because)
