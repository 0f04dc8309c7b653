"""What an organisation's seats are billed with, and how many there may be (SEAT-4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from billing.operations.unit import UnitOfWork
from billing.rules.seats import least
from models.base import OWN_SOURCE
from models.organisation import Organisation
from models.product import Product
from models.subscription import Subscription

_NEVER = datetime(1, 1, 1, tzinfo=UTC)
RUNNING = frozenset({"active", "past_due", "pending_renewal", "unpaid", "trialing"})
_THEIRS = "SELECT source, external_id FROM bursar.subscription WHERE subscriber_ref = ANY (%(refs)s) AND status = ANY (%(running)s)"
_PLANS = """SELECT external_id, coalesce(free, false) AS free, kind = 'plan' AND status = 'offered' AS offered, limits,
                   seat_proration, provider_refs
            FROM bursar.product
            WHERE source = 'bursar' AND (external_id = ANY (%(refs)s) OR (free AND kind = 'plan' AND status = 'offered'))"""


@dataclass(frozen=True, slots=True)
class SeatPlan:
    """The subscription whose quantity is the seats, and its plan's say about them."""

    subscription: Subscription | None
    limit: int | None
    """The plan's limit `seats`; without a subscription, the free plan's. None: no limit."""
    proration: str | None
    provider_refs: frozenset[str]

    def limit_of(self, organisation: Organisation) -> int | None:
        """How many seats there may be: where they are bought beforehand, no more than were and will be."""
        bought = None
        if organisation.quantity_mode == "bought" and self.subscription is not None:
            bought = self.subscription.quantity or 1
            planned = (self.subscription.pending_change or {}).get("quantity")
            bought = least(bought, int(planned)) if planned else bought  # fewer from the next period on: nobody gets what will be gone
        return least(self.limit, bought)


def seat_plan(unit: UnitOfWork, organisation_ref: str) -> SeatPlan:
    """The plan of a locked organisation: a paid one before a free one, one that was bought before a trial, the newest of these."""
    return seat_plans(unit, [organisation_ref])[organisation_ref]


def seat_plans(unit: UnitOfWork, organisation_refs: Sequence[str]) -> dict[str, SeatPlan]:
    """The same for many locked organisations, by reference: three statements, however many they are."""
    refs = set(organisation_refs)
    found = unit.committed(_THEIRS, {"refs": sorted(refs), "running": sorted(RUNNING)})
    keys = {(one["source"], one["external_id"]) for one in found}
    keys |= {(row.source, row.external_id) for row in unit.known if isinstance(row, Subscription) and row.subscriber_ref in refs}
    unit.load((Subscription.NAME, *key) for key in sorted(keys))
    running: dict[str, list[Subscription]] = {ref: [] for ref in organisation_refs}
    for row in (unit.row(Subscription, *key) for key in sorted(keys)):
        if row.status in RUNNING and row.subscriber_ref in running:
            running[row.subscriber_ref].append(row)
    plans = _plans(unit, {row.product_ref for rows in running.values() for row in rows if row.product_ref})
    return {ref: _chosen(rows, plans) for ref, rows in running.items()}


def _chosen(running: Sequence[Subscription], plans: Mapping[str, Mapping[str, Any]]) -> SeatPlan:
    if not running:
        free = next((plan for _, plan in sorted(plans.items()) if plan["free"] and plan["offered"]), {})
        return SeatPlan(None, _seats(free), None, frozenset())

    def rank(row: Subscription) -> tuple[bool, bool, datetime, str]:
        return not plans.get(row.product_ref or "", {}).get("free"), row.status != "trialing", row.started_at or _NEVER, row.external_id

    chosen = max(running, key=rank)
    plan = plans.get(chosen.product_ref or "", {})
    return SeatPlan(chosen, _seats(plan), plan.get("seat_proration"), frozenset(plan.get("provider_refs") or ()))


def _plans(unit: UnitOfWork, refs: set[str]) -> dict[str, dict[str, Any]]:
    """Read without locks, as all of the catalogue; what this unit itself has just defined counts, too."""
    found = {one["external_id"]: one for one in unit.committed(_PLANS, {"refs": sorted(refs)})}
    for row in unit.known:
        if isinstance(row, Product) and row.source == OWN_SOURCE and row.kind == "plan" and (row.free or row.external_id in refs):
            found[row.external_id] = {
                "free": bool(row.free), "offered": row.status == "offered", "limits": row.limits, "seat_proration": row.seat_proration,
                "provider_refs": row.provider_refs,
            }  # fmt: skip
    return found


def _seats(plan: Mapping[str, Any]) -> int | None:
    limit = (plan.get("limits") or {}).get("seats")
    return int(limit) if limit is not None else None
