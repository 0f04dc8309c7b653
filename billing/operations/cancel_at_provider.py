"""Asks a provider to end a subscription that it bills, or to go on with it (SUB-6). The mirrored row follows its answer (SUB-8)."""

from __future__ import annotations

from typing import Any, Literal

from billing.operations.attempt_payment import QUEUE
from billing.operations.follow_seats import follow_seats
from billing.operations.move_provider_price import price_answered
from billing.operations.move_request import move_request
from billing.operations.own_row import own_row
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.facts.answer import AnswerFact
from billing.rules.states_subscriptions import SUBSCRIPTION_REQUEST
from models.subscription import Subscription
from models.subscription_request import SubscriptionRequest

Action = Literal["cancel", "cancel_at_period_end", "keep"]

_ASKED = "SELECT external_id, status, action FROM bursar.subscription_request WHERE source = %(source)s AND subscription_ref = %(ref)s"
_NEXT = "SELECT external_id FROM bursar.subscription_request WHERE source = %(source)s AND after_ref = %(ref)s AND status = 'pending'"
_WISHES = frozenset({"cancel", "cancel_at_period_end", "keep"})
_ENDED = frozenset({"cancelled", "expired"})
ASKABLE = frozenset({"stripe"})
"""Who does all that can be asked for."""
CANCELLABLE = ASKABLE | {"paypal"}
"""Who ends a subscription at once. PayPal knows no end with the period (`end_with_period` keeps that wish), and takes nothing back; a
plan or a quantity its payer changes."""


def mirrored_subscription(unit: UnitOfWork, source: str, reference: str, subscriber_ref: str) -> Subscription:
    """This subscriber's subscription, which `source` bills.

    Raises:
        Rejected: `unknown_subscription`.
    """
    row = unit.row(Subscription, source, reference)
    if row.incomplete or row.subscriber_ref != subscriber_ref:
        raise Rejected("unknown_subscription", f"{subscriber_ref} has no subscription {reference} at {source}", {"field": "reference"})
    return row


def ends_at_provider(unit: UnitOfWork, row: Subscription) -> bool:
    """Whether it ends, once the provider has done all that it was asked for."""
    newest, _ = _newest(unit, row)
    return newest.action != "keep" if newest is not None else bool(row.cancel_at_period_end)


def ask_provider(unit: UnitOfWork, row: Subscription, action: Action, reason: str | None) -> SubscriptionRequest | None:
    """The request, made now or under way; None: it is so already. The subscriber is to be locked.

    Wishes reach the provider in their order: one that contradicts what is under way is sent when that is answered.
    """
    if row.status in _ENDED:
        return None
    newest, asked = _newest(unit, row)
    if newest is not None and newest.action in (action, "cancel"):
        return newest if newest.action == action or action != "keep" else None
    if newest is None and action != "cancel" and bool(row.cancel_at_period_end) == (action == "cancel_at_period_end"):
        return None
    request, _ = own_row(unit, SubscriptionRequest, row.source, f"{row.external_id}:{asked + 1}")
    request.action, request.subscription_ref, request.subscriber_ref = action, row.external_id, row.subscriber_ref
    request.reason, request.actor, request.requested_at = reason, unit.actor, unit.now
    request.after_ref = newest.external_id if newest is not None else None
    move_request(unit, request, SUBSCRIPTION_REQUEST, "pending", action=action, subscription=row.external_id, reason=reason)
    if newest is None:
        _submit(unit, request, row)
    return request


def _newest(unit: UnitOfWork, row: Subscription) -> tuple[SubscriptionRequest | None, int]:
    """The last wish that the provider has not answered, locked, and how many requests there were of all kinds."""
    asked = {one["external_id"]: one for one in unit.committed(_ASKED, {"source": row.source, "ref": row.external_id})}
    for one in unit.known:
        if isinstance(one, SubscriptionRequest) and (one.source, one.subscription_ref) == (row.source, row.external_id):
            asked[one.external_id] = {"external_id": one.external_id, "status": one.status, "action": one.action}
    open_ = [name for name, one in asked.items() if one["status"] == "pending" and one["action"] in _WISHES]
    for name in sorted(open_, key=lambda name: int(name.rpartition(":")[2]), reverse=True):
        request = unit.row(SubscriptionRequest, row.source, name)  # it may have been answered a moment ago
        if request.status == "pending":
            return request, len(asked)
    return None, len(asked)


def _submit(unit: UnitOfWork, request: SubscriptionRequest, row: Subscription) -> None:
    values: dict[str, Any] = {"subscription_ref": row.external_id}
    if row.source == "paypal":
        values["reason"] = request.reason
    if request.action != "cancel":
        values["cancel_at_period_end"] = request.action == "cancel_at_period_end"
    operation = "subscription.cancel" if request.action == "cancel" else "subscription.update"
    unit.submit(operation, request, values=values, queue=QUEUE, lane=f"{row.source}:{row.customer_ref}")


def answer_subscription(unit: UnitOfWork, fact: AnswerFact) -> None:
    """What the provider said; the subscription itself came along with an accepted answer, and a webhook tells it as well."""
    row = unit.row(SubscriptionRequest, fact.source, fact.external_id)
    if row.status != "pending":
        return
    row.completed_at = unit.now
    if not fact.accepted:
        row.failure_code, row.failure_message = fact.error_code, fact.error_message
    move_request(unit, row, SUBSCRIPTION_REQUEST, "done" if fact.accepted else "failed", failure_code=fact.error_code)
    if row.action == "quantity":
        follow_seats(unit, unit.row(Subscription, fact.source, row.subscription_ref or ""))
    elif row.action == "price":
        price_answered(unit, row, fact)
    elif row.action in _WISHES:
        _ask_next(unit, row)


def _ask_next(unit: UnitOfWork, answered: SubscriptionRequest) -> None:
    """Send the wish that waited for this answer."""
    found = [one["external_id"] for one in unit.committed(_NEXT, {"source": answered.source, "ref": answered.external_id})]
    if not found and answered.after_ref is not None:
        _look_again(unit, answered)
    for request in [unit.row(SubscriptionRequest, answered.source, name) for name in found]:
        if request.status != "pending":
            continue
        row = unit.row(Subscription, request.source, request.subscription_ref or "")
        if row.status in _ENDED:
            request.failure_code, request.completed_at = "ended", unit.now
            move_request(unit, request, SUBSCRIPTION_REQUEST, "failed", failure_code="ended")
        else:
            _submit(unit, request, row)


def _look_again(unit: UnitOfWork, answered: SubscriptionRequest) -> None:
    """Two changes within one second look equally new in what the provider tells; a look-up after them is newer than both."""
    ref = answered.subscription_ref or ""
    lane = f"{answered.source}:{ref}"
    unit.send(
        f"{answered.source}.fetch", key=f"subscription:{ref}:{answered.external_id}", queue=QUEUE, lane=lane,
        payload={
            "kind": "subscription", "id": ref, "url": f"/v1/subscriptions/{ref}", "lane": lane, "after": unit.now.isoformat()
        },
    )  # fmt: skip
