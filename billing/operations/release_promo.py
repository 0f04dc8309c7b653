"""Gives back the use of a promo code, once, when what it was used for is taken back (PROMO-2, REFUND-7).

The seam: promo codes themselves are built elsewhere and find here which fulfilment's use is free again.
"""

from __future__ import annotations

from billing.operations.unit import UnitOfWork
from models.fulfilment import Fulfilment


def release_promo(unit: UnitOfWork, fulfilment: Fulfilment) -> bool:
    """Whether this call released it: exactly once per fulfilment, however often and for however many reasons it is revoked."""
    if fulfilment.promo_released_at is not None:
        return False
    fulfilment.promo_released_at = unit.now
    unit.audit("promo.released", Fulfilment.NAME, fulfilment.id, before=None, after={"fulfilment": fulfilment.external_id})
    return True
