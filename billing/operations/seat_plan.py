"""What an organisation's seats are billed with, and how many there may be (SEAT-4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from billing.operations.ask_once import ask_once
from billing.operations.catalogue import free_plans, products_of
from billing.operations.unit import UnitOfWork
from billing.rules.seats import least
from models.organisation import Organisation
from models.product import Product
from models.subscription import Subscription

_NEVER = datetime(1, 1, 1, tzinfo=UTC)
RUNNING = frozenset({"active", "past_due", "pending_renewal", "unpaid", "trialing"})
_THEIRS = """SELECT subscriber_ref, source, external_id FROM bursar.subscription
             WHERE subscriber_ref = ANY (%(refs)s) AND status = ANY (%(running)s)"""


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
    """The same for many locked organisations, by reference: three statements at most, however many they are.

    What others have committed is read once per unit: whoever lets many members join asks for each of them.
    """
    refs = set(organisation_refs)

    def ask(new: list[str]) -> Iterator[tuple[str, tuple[str, str]]]:
        for one in unit.committed(_THEIRS, {"refs": new, "running": sorted(RUNNING)}):
            yield one["subscriber_ref"], (one["source"], one["external_id"])

    keys = {key for found in ask_once(unit, "running subscriptions", refs, ask).values() for key in found}
    keys |= {(row.source, row.external_id) for row in unit.known if isinstance(row, Subscription) and row.subscriber_ref in refs}
    unit.load((Subscription.NAME, *key) for key in sorted(keys))
    running: dict[str, list[Subscription]] = {ref: [] for ref in organisation_refs}
    for row in (unit.row(Subscription, *key) for key in sorted(keys)):
        if row.status in RUNNING and row.subscriber_ref in running:
            running[row.subscriber_ref].append(row)
    plans = products_of(unit, {row.product_ref for rows in running.values() for row in rows if row.product_ref})
    free = free_plans(unit) if not all(running.values()) else {}
    return {ref: _chosen(rows, plans) if rows else SeatPlan(None, _seats(free[min(free)] if free else None), None, frozenset())
            for ref, rows in running.items()}  # fmt: skip


def _chosen(running: Sequence[Subscription], plans: Mapping[str, Product]) -> SeatPlan:
    def rank(row: Subscription) -> tuple[bool, bool, datetime, str]:
        plan = plans.get(row.product_ref or "")
        return plan is None or not plan.free, row.status != "trialing", row.started_at or _NEVER, row.external_id

    chosen = max(running, key=rank)
    plan = plans.get(chosen.product_ref or "")
    return SeatPlan(chosen, _seats(plan), plan.seat_proration if plan else None, frozenset(plan.provider_refs or () if plan else ()))


def _seats(plan: Product | None) -> int | None:
    limit = (plan.limits or {}).get("seats") if plan else None
    return int(limit) if limit is not None else None
