"""Says that what a subscriber may do has changed, once per unit; what it is now, the app reads (SUB-12)."""

from __future__ import annotations

from collections.abc import Sequence

from billing.operations.unit import UnitOfWork
from core.ids import new_id
from models.entitlement_change import EntitlementChange
from models.plain import new_row


def announce_entitlements(unit: UnitOfWork, subscriber_ref: str | None) -> None:
    """Plan, limits, access, credits, seats or usage of this subscriber changed in this unit; nobody's, if None."""
    if subscriber_ref:
        unit.later(_announce, subscriber_ref)


def _announce(unit: UnitOfWork, refs: Sequence[str]) -> None:
    for ref in refs:
        unit.add(new_row(EntitlementChange, id=new_id(unit.now), subscriber_ref=ref, at=unit.now))
