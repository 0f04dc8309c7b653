"""Sets a subscription's quantity to the seats that are taken: one absolute number per organisation and window (SEAT-1, SEAT-9).

An absolute number cannot add up, whatever is repeated. It is compared with what the provider says before it is asked for, so that
our own echo asks for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Literal

import structlog

from billing.operations.accrue_seats import set_seats
from billing.operations.attempt_payment import QUEUE
from billing.operations.cancel_at_provider import ASKABLE
from billing.operations.close_organisation import release_settled
from billing.operations.follow_seats import asked_under_way
from billing.operations.move_request import move_request
from billing.operations.own_row import own_row
from billing.operations.seat_plan import SeatPlan, seat_plan
from billing.operations.unit import UnitOfWork
from billing.rules.seats import wanted_quantity
from billing.rules.states_subscriptions import SUBSCRIPTION_REQUEST
from models.base import OWN_SOURCE
from models.organisation import Organisation
from models.subscription import Subscription
from models.subscription_request import SubscriptionRequest

log = structlog.get_logger(__name__)

AGAIN = timedelta(minutes=1)
"""How long to wait for an answer that is under way, or for an item that is being looked up."""

_PRORATION: Mapping[str, str] = {"accrue": "create_prorations", "charge": "always_invoice"}
"""SEAT-2 in Stripe's words (docs.stripe.com/billing/subscriptions/prorations): pending items for the next invoice, or one at once."""


def sync_organisation(unit: UnitOfWork, organisation: Organisation) -> bool:
    """Called under the subscriber's lock, when the window is over or a repair wants it; whether something was set or asked for."""
    organisation.sync_due_at = None
    organisation.updated_at = max(organisation.updated_at, unit.now)
    if organisation.status == "deleted":
        release_settled(unit, organisation)
        return False
    plan = seat_plan(unit, organisation.external_id)
    row = plan.subscription
    if row is None or organisation.quantity_mode != "follow":
        organisation.asked_quantity = None  # its subscription has ended: what it was set to says nothing any more
        return False
    quantity = wanted_quantity(organisation.seats_taken or 0)
    if row.source == OWN_SOURCE:
        return _known(organisation, row, quantity) if set_seats(unit, row, quantity, _mode(organisation, plan)) else False
    if row.source not in ASKABLE:
        log.warning(
            "seats_not_settable", organisation=organisation.external_id, source=row.source, quantity=quantity,
            effect="the provider goes on billing the old quantity", next_step="the payer changes it there",
        )  # fmt: skip
        return False
    return _ask(unit, organisation, plan, row, quantity)


def _mode(organisation: Organisation, plan: SeatPlan) -> Literal["accrue", "charge"]:
    return "charge" if (organisation.proration or plan.proration) == "charge" else "accrue"


def _known(organisation: Organisation, row: Subscription, quantity: int) -> bool:
    organisation.subscription_source, organisation.subscription_ref = row.source, row.external_id
    organisation.asked_quantity = quantity
    organisation.told_quantity = organisation.differs_since = None
    return True


def _ask(unit: UnitOfWork, organisation: Organisation, plan: SeatPlan, row: Subscription, quantity: int) -> bool:
    if asked_under_way(unit, row):
        organisation.sync_due_at = unit.now + AGAIN  # one at a time: an older number must not come after a newer one
        return False
    if row.quantity == quantity:
        _known(organisation, row, quantity)
        return False
    item = _item(row, plan.provider_refs)
    if item is None:
        organisation.sync_due_at = unit.now + AGAIN
        _look_up(unit, row)
        return False
    organisation.asks = (organisation.asks or 0) + 1
    request, _ = own_row(unit, SubscriptionRequest, row.source, f"{row.external_id}:seats:{organisation.asks}")
    request.action, request.quantity = "quantity", quantity
    request.subscription_ref, request.subscriber_ref = row.external_id, organisation.external_id
    request.actor, request.requested_at = unit.actor, unit.now
    about = {"subscription": row.external_id, "quantity": quantity, "before": row.quantity}
    move_request(unit, request, SUBSCRIPTION_REQUEST, "pending", action="quantity", **about)
    others = sum(int(one.get("quantity") or 0) for one in row.items or [] if one.get("id") != item)
    values: dict[str, Any] = {
        "subscription_ref": row.external_id, "items": [{"id": item, "quantity": quantity - others}],
        "proration_behavior": _PRORATION[_mode(organisation, plan)],
    }  # fmt: skip
    unit.submit("subscription.update", request, values=values, queue=QUEUE, lane=f"{row.source}:{row.customer_ref}")
    return _known(organisation, row, quantity)


def _item(row: Subscription, named: frozenset[str]) -> str | None:
    """The item whose quantity is the seats: the plan's own, or the only one; None: it is not known."""
    items = [one for one in row.items or [] if one.get("id")]
    seats = [one for one in items if {one.get("price_ref"), one.get("product_ref")} & named] or items[:1]
    return str(seats[0]["id"]) if seats else None


def _look_up(unit: UnitOfWork, row: Subscription) -> None:
    """An item is missing in what we were told; the provider has it."""
    lane = f"{row.source}:{row.external_id}"
    unit.send(
        f"{row.source}.fetch", key=f"subscription:{row.external_id}:seats:{unit.now.isoformat()}",
        payload={"kind": "subscription", "id": row.external_id, "url": f"/v1/subscriptions/{row.external_id}", "lane": lane},
        queue=QUEUE, lane=lane,
    )  # fmt: skip
