"""A plan of one's own that ends because of a seat, and that its subscriber then cancels himself, does not come back (SEAT-6)."""

from __future__ import annotations

from billing.operations.unit import UnitOfWork
from models.base import OWN_SOURCE
from models.membership import Membership
from models.subscription import Subscription

_NAMING = """SELECT external_id FROM bursar.membership
             WHERE user_ref = %(user)s AND status = 'active' AND own_plans @> jsonb_build_array(%(name)s::text)"""


def own_wish(unit: UnitOfWork, own: Subscription) -> None:
    """Called when a subscriber, who is locked, wants a plan of his to end that was to end already."""
    name = f"{own.source} {own.external_id}"
    found = {one["external_id"] for one in unit.committed(_NAMING, {"user": own.subscriber_ref, "name": name})}
    found |= {row.external_id for row in unit.known if isinstance(row, Membership) and name in (row.own_plans or ())}
    for row in [unit.row(Membership, OWN_SOURCE, ref) for ref in sorted(found)]:
        before = list(row.own_plans or ())
        if name in before:
            row.own_plans, row.updated_at = [one for one in before if one != name], max(row.updated_at, unit.now)
            after = {"ending": row.own_plans, "because": "he cancelled it himself"}
            unit.audit("membership.own_plan_cancelled", Membership.NAME, row.id, before={"ending": before}, after=after)
