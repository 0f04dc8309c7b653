"""Counts the uses of promo codes anew from their rows, and mends a counter that differs (PROMO-5, RECON-5)."""

from __future__ import annotations

import structlog

from billing.operations.unit import UnitOfWork
from models.base import OWN_SOURCE, Aggregate
from models.campaign import Campaign
from models.promo_code import PromoCode
from models.promo_customer import PromoCustomer

log = structlog.get_logger(__name__)

COUNTERS: dict[str, type[PromoCode] | type[Campaign] | type[PromoCustomer]] = {
    model.NAME: model for model in (PromoCode, Campaign, PromoCustomer)
}


def mend_promo_count(unit: UnitOfWork, kind: str, external_id: str, counted: int) -> bool:
    """Set a counter to what its rows say; whether it can be: more than its limit cannot be written, and is a person's to look at.

    Args:
        unit: the transaction, which has the counter locked; `counted` was counted after that.
        kind: `promo_code`, `campaign` or `promo_customer`.
        external_id: of the counter.
        counted: redemptions of it that are reserved or consumed.
    """
    row = unit.row(COUNTERS[kind], OWN_SOURCE, external_id)
    if row.uses == counted:
        return True
    about = {"kind": kind, "object": external_id, "kept": row.uses, "counted": counted}
    if row.max_uses is not None and counted > row.max_uses:
        log.error("promo_over_limit", **about, limit=row.max_uses, effect="the counter stays; no further use is given out",
                  next_step="find out who changed rows by hand (`bursar audit`), then raise the limit or release a use")  # fmt: skip
        return False
    before, row.uses, row.updated_at = row.uses, counted, max(row.updated_at, unit.now)
    assert isinstance(row, Aggregate)
    unit.audit("promo.recounted", row.NAME, row.id, before={"uses": before}, after={"uses": counted})
    log.warning("promo_recounted", **about, next_step="nothing now; if it comes back, a verb forgets to count")
    return True
