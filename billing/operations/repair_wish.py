"""What a person wants done about a finding that only a person can decide (RECON-8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from billing.operations.refund_terms import Terms
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.instants import iso
from models.finding import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """The choice, its reason, and what it needs. `place`: where the provider shows the object, None: nowhere."""

    how: str
    reason: str
    terms: Terms | None = None
    customer_ref: str | None = None
    purpose: str | None = None
    purpose_ref: str | None = None
    place: Mapping[str, Any] | None = None


def decided(unit: UnitOfWork, finding: Finding, wish: Wish) -> dict[str, Any]:
    """What a row keeps of the decision: what, who, when, why, about what."""
    return {"how": wish.how, "by": unit.actor, "at": iso(unit.now), "reason": wish.reason, "finding": finding.external_id}


def not_here(finding: Finding) -> Rejected:
    """The object is not mirrored, so nothing can be decided about it."""
    return Rejected(
        "cannot_repair",
        f"{finding.object_type} {finding.object_ref} is not here yet; repair its missing_here first, then decide",
        {"current": "not_here"},
    )
