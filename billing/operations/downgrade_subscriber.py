"""Brings a subscriber down to the free plan: refused while he still uses what only the paid one has (SUB-6, A#10)."""

from __future__ import annotations

from billing.operations.cancel_at_provider import ASKABLE, CANCELLABLE, ask_provider
from billing.operations.cancel_subscription import cancel
from billing.operations.end_with_period import endable, plan_end
from billing.operations.own_wish import own_wish
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.commands.downgrade import DowngradeSubscriber
from models.base import OWN_SOURCE
from models.product import Product
from models.subscriber import Subscriber
from models.subscription import Subscription

_PAID = """SELECT s.source, s.external_id FROM bursar.subscription s
           LEFT JOIN bursar.product p ON p.source = 'bursar' AND p.external_id = s.product_ref
           WHERE s.subscriber_ref = %(subscriber)s AND s.status NOT IN ('cancelled', 'expired') AND p.free IS NOT TRUE"""


def downgrade_subscriber(unit: UnitOfWork, command: DowngradeSubscriber) -> list[Subscription]:
    """His paid subscriptions, each ended or about to end, whoever bills it; none left: nothing changes.

    Status of the account and entitlements follow from that by themselves.

    Raises:
        Rejected: `unknown_subscriber`, `in_use`, `not_cancellable_here`; nothing was changed and nobody was called.
    """
    subscriber = unit.row(Subscriber, OWN_SOURCE, command.subscriber_ref)
    if subscriber.incomplete:
        raise Rejected("unknown_subscriber", f"no subscriber {command.subscriber_ref} is defined", {"field": "subscriber_ref"})
    if command.paid_features or command.active_events:
        current = {"paid_features": list(command.paid_features), "active_events": command.active_events}
        message = f"{command.subscriber_ref} still uses what the free plan does not have"
        raise Rejected("in_use", message, {"current": current, "limit": 0})
    free = {row.external_id for row in unit.known if isinstance(row, Product) and row.free}
    found = [(one["source"], one["external_id"]) for one in unit.committed(_PAID, {"subscriber": command.subscriber_ref})]
    unit.load((Subscription.NAME, *key) for key in found)
    rows = [unit.row(Subscription, *key) for key in found]
    rows = [row for row in rows if row.status not in ("cancelled", "expired") and row.product_ref not in free]
    able = CANCELLABLE if command.when == "now" else ASKABLE
    if others := [row for row in rows if row.source not in (OWN_SOURCE, *able) and (command.when == "now" or not endable(row))]:
        current = {"source": others[0].source, "subscription": others[0].external_id}
        message = f"nobody knows when {others[0].source} bills {others[0].external_id} again; cancel it now"
        raise Rejected("not_cancellable_here", message, {"current": current})
    for row in rows:
        if row.source == OWN_SOURCE:
            cancel(unit, row, when=command.when, credit=False, reason=command.reason or "downgrade")
        elif command.when == "period_end" and row.source not in ASKABLE:
            own_wish(unit, row)
            plan_end(unit, row, command.reason or "downgrade")
        else:
            own_wish(unit, row)
            ask_provider(unit, row, "cancel" if command.when == "now" else "cancel_at_period_end", command.reason)
    return rows
