"""BILLING.SUBSCRIPTION.*: PayPal bills, Bursar mirrors (SUB-8)."""

from __future__ import annotations

from billing.rules.facts.base import UNSET
from billing.rules.facts.customer import CustomerFact
from billing.rules.facts.event import Event
from billing.rules.facts.subscription import SubscriptionFact
from billing.rules.states import SUBSCRIPTION
from billing.rules.states_money_out import UNKNOWN
from providers.fields import mapping, needed, optional, whole
from providers.paypal.envelope import FETCHED
from providers.paypal.reading import money, said, time_of, version
from providers.paypal.shapes.declared import metadata, payer, payer_id

_STATUSES = {
    "APPROVAL_PENDING": "pending",
    "APPROVED": "pending",
    "ACTIVE": "active",
    "SUSPENDED": "paused",
    "CANCELLED": "cancelled",
    "EXPIRED": "expired",
}
_ENDED = frozenset({"cancelled", "expired"})


def subscription(event: Event) -> list[SubscriptionFact | CustomerFact]:
    """The subscription; from a look-up also the subscriber.

    Active with failed payments behind it is `past_due`: PayPal counts them and goes back to 0 with the next success.

    Raises:
        UnparsableBody: it has no id, or a field of a wrong type.
    """
    obj, fetched = event.object, event.type.endswith(FETCHED)
    billing = mapping(obj, "billing_info")
    word = optional(obj, "status")
    status = _STATUSES.get(word or "", UNKNOWN)
    failed = whole(billing, "failed_payments_count")
    if status == "active" and isinstance(failed, int) and failed > 0:
        status = "past_due"
    at = version(event, *SUBSCRIPTION.place(status))
    changed_at = time_of(obj, "status_update_time")
    changed_at = at.at if changed_at is UNSET else changed_at
    balance = money(billing, "outstanding_balance")
    custom = metadata(optional(obj, "custom_id"), None)
    quantity = whole(obj, "quantity")
    fact = SubscriptionFact(
        source=event.source,
        external_id=needed(obj, "id"),
        version=at,
        status=status if word is not None else UNSET,
        provider_status=said(word),
        customer_ref=said(payer_id(obj, "subscriber")),
        currency=UNSET if balance is None else balance[1],
        quantity=quantity if isinstance(quantity, int) else UNSET,
        current_period_end=time_of(billing, "next_billing_time"),
        started_at=time_of(obj, "start_time"),
        cancelled_at=changed_at if status == "cancelled" else UNSET,
        cancellation_reason=said(optional(obj, "status_change_note")) if status == "cancelled" else UNSET,
        ended_at=changed_at if status in _ENDED else UNSET,
        plan_ref=said(optional(obj, "plan_id")),
        metadata_=custom or UNSET,
        provider_created_at=time_of(obj, "create_time"),
    )
    return [fact, *(payer(event, "subscriber") if fetched else ())]
