"""Tells a charge or a payment how its disputes stand; what was bought is revoked where one is lost, and given back where it is not
lost any more (DISPUTE-2). Only the disputed payment's own purchase is touched (DISPUTE-5)."""

from __future__ import annotations

from billing.operations.revoke_fulfilment import restore_fulfilment, revoke_fulfilment
from billing.operations.unit import UnitOfWork
from billing.rules.disputed import Disputes, standing
from models.charge import Charge
from models.payment import Payment


def tell_disputes(unit: UnitOfWork, row: Charge | Payment, disputes: Disputes | None) -> None:
    """Bring a locked row up to date with these disputes; what it knew before stays, and the same again changes nothing."""
    known = row.disputes or {}
    news = {ref: dict(one) for ref, one in (disputes or {}).items() if known.get(ref) != one}
    if not news:
        return
    row.disputes = {**known, **news}
    before, after = row.dispute_standing, standing(row.disputes)
    if before != after:
        row.dispute_standing = after
        row.updated_at = max(row.updated_at, unit.now)
        changed = {"before": {"dispute_status": before}, "after": {"dispute_status": after, "external_id": row.external_id}}
        unit.audit(f"{row.NAME}.disputed", row.NAME, row.id, **changed)
    if isinstance(row, Payment):
        for ref, one in sorted(news.items()):
            if one["outcome"] == "lost":
                revoke_fulfilment(unit, row, because(ref))
            elif known.get(ref, one)["outcome"] == "lost":
                restore_fulfilment(unit, row, because(ref))


def because(dispute_ref: str) -> str:
    """Why a fulfilment is revoked, as its row names it."""
    return f"dispute:{dispute_ref}"
