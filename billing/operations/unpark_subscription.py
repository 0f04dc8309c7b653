"""An operator lets a parked subscription be billed again, from now on (SUB-14)."""

from __future__ import annotations

from billing.operations.change_subscription import own_subscription
from billing.operations.unit import UnitOfWork
from billing.rules.commands.unpark import UnparkSubscription
from billing.rules.instants import iso
from billing.rules.subscription_terms import cycle_of
from models.subscription import Subscription


def unpark_subscription(unit: UnitOfWork, command: UnparkSubscription) -> Subscription:
    """Billed again, from the period that runs now on; those that were missed are not. Not parked: nothing changes.

    Raises:
        Rejected: `unknown_subscription`.
    """
    row = own_subscription(unit, command.reference, command.subscriber_ref)
    if row.parked_at is None:
        return row
    before = {"parked_because": row.parked_because, "cycle_no": row.cycle_no}
    row.parked_at = row.parked_because = None
    row.updated_at = max(row.updated_at, unit.now)
    if row.next_billing_at is not None and row.next_billing_at <= unit.now:
        cycle = cycle_of(row.anchor_at, row.zone, row.cycle_unit, row.cycle_count)
        row.cycle_no = max(cycle.number_at(unit.now) - 1, 0)
        row.current_period_end = row.next_billing_at = cycle.boundary(row.cycle_no + 1)
    after = {"cycle_no": row.cycle_no, "next_billing_at": iso(row.next_billing_at), "reason": command.reason}
    unit.audit("subscription.unparked", Subscription.NAME, row.id, before=before, after=after)
    return row
