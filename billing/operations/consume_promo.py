"""A promo code's use is used up: the discounted price was paid (PROMO-2, PROMO-5)."""

from __future__ import annotations

import structlog

from billing.operations.attach_promo import belongs_to
from billing.operations.move_promo import move_promo
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from models.base import OWN_SOURCE
from models.fulfilment import Fulfilment
from models.promo_redemption import PromoRedemption

log = structlog.get_logger(__name__)


def consume_promo(unit: UnitOfWork, fulfilment: Fulfilment) -> None:
    """Consume the use that the paid request has. Part of the one convergence, so it happens once per payment.

    Money that came late, after the use was given back, takes one again if there is one. If not, the payer has his price all the
    same: he was promised it. That is written down and counted nowhere, so that no limit is passed.
    """
    if fulfilment.promo_ref is None:
        return
    row = unit.row(PromoRedemption, OWN_SOURCE, fulfilment.promo_ref)
    if row.incomplete:
        return
    try:
        if not belongs_to(row, fulfilment.source, fulfilment.request):
            raise Rejected("promo_in_use", f"{row.external_id} belongs to {row.request}")
        move_promo(unit, row, "consumed")
    except Rejected as refused:
        row.honoured_at, row.updated_at = unit.now, max(row.updated_at, unit.now)
        about = {"status": row.status, "code": row.code_ref, "fulfilment": fulfilment.external_id, "because": refused.code}
        unit.audit("promo.honoured", PromoRedemption.NAME, row.id, before=None, after=about)
        log.warning("promo_honoured", **about, next_step="nothing: a price that was promised was paid late, beyond the code's limit")
