"""Asks a provider to end a subscription that it bills, or to go on with it (SUB-6). The mirrored row follows its answer (SUB-8)."""

from __future__ import annotations

from typing import Any, Literal

from billing.operations.attempt_payment import QUEUE
from billing.operations.follow_seats import follow_seats
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
_ENDED = frozenset({"cancelled", "expired"})
ASKABLE = frozenset({"stripe"})


def mirrored_subscription(unit: UnitOfWork, source: str, reference: str, subscriber_ref: str) -> Subscription:
    """This subscriber's subscription, which `source` bills.

    Raises:
        Rejected: `unknown_subscription`.
    """
    row = unit.row(Subscription, source, reference)
    if row.incomplete or row.subscriber_ref != subscriber_ref:
        raise Rejected("unknown_subscription", f"{subscriber_ref} has no subscription {reference} at {source}", {"field": "reference"})
    return row


def ask_provider(unit: UnitOfWork, row: Subscription, action: Action, reason: str | None) -> SubscriptionRequest | None:
    """The request, made now or under way; None: it is so already. The subscriber is to be locked."""
    if row.status in _ENDED or (action == "cancel_at_period_end" and row.cancel_at_period_end):
        return None
    if action == "keep" and not row.cancel_at_period_end:
        return None
    asked = unit.committed(_ASKED, {"source": row.source, "ref": row.external_id})
    under_way = [one["external_id"] for one in asked if one["status"] == "pending" and one["action"] == action]
    if under_way:
        return unit.row(SubscriptionRequest, row.source, under_way[0])
    request, new = own_row(unit, SubscriptionRequest, row.source, f"{row.external_id}:{len(asked) + 1}")
    if not new:
        return request  # asked for a moment ago, in this very unit
    request.action, request.subscription_ref, request.subscriber_ref = action, row.external_id, row.subscriber_ref
    request.reason, request.actor, request.requested_at = reason, unit.actor, unit.now
    move_request(unit, request, SUBSCRIPTION_REQUEST, "pending", action=action, subscription=row.external_id, reason=reason)
    values: dict[str, Any] = {"subscription_ref": row.external_id}
    if action != "cancel":
        values["cancel_at_period_end"] = action == "cancel_at_period_end"
    operation = "subscription.cancel" if action == "cancel" else "subscription.update"
    unit.submit(operation, request, values=values, queue=QUEUE, lane=f"{row.source}:{row.customer_ref}")
    return request


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
