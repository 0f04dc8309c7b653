"""Captures (v2) and sales (v1) -> a payment and its one charge, both under PayPal's own id.

What a webhook says of them is unconfirmed, because its signature covers a CRC only; what a look-up says is confirmed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from billing.rules.facts.base import UNSET, Unset
from billing.rules.facts.event import Event
from billing.rules.facts.payment import ChargeFact, PaymentFact
from billing.rules.purpose import declared_purpose
from billing.rules.states import CHARGE
from billing.rules.states_money_out import UNKNOWN
from providers.fields import mapping, needed, optional
from providers.paypal.envelope import FETCHED
from providers.paypal.reading import Money, money, parent, said, time_of, version
from providers.paypal.shapes.declared import metadata

T = TypeVar("T")
MoneyInFact = PaymentFact | ChargeFact

_STATUSES = {
    "COMPLETED": "succeeded",
    "PARTIALLY_REFUNDED": "succeeded",
    "REFUNDED": "succeeded",
    "REVERSED": "succeeded",
    "PENDING": "pending",
    "DECLINED": "failed",
    "DENIED": "failed",
    "FAILED": "failed",
}
"""v2 `status` and v1 `state` (upper-cased). Money that went back later had come; the refunds say what went back."""

_ALL_BACK = frozenset({"REFUNDED", "REVERSED"})


def capture(event: Event) -> list[MoneyInFact]:
    """A v2 capture.

    Raises:
        UnparsableBody: it has no id, or an amount that is no exact money.
    """
    obj = event.object
    breakdown = mapping(obj, "seller_receivable_breakdown")
    order = optional(mapping(mapping(obj, "supplementary_data"), "related_ids"), "order_id") or parent(obj, "orders")
    processor = mapping(obj, "processor_response")
    return _money_in(
        event,
        kind="capture",
        word=optional(obj, "status"),
        fee=money(breakdown, "paypal_fee"),
        order_ref=order,
        subscription_ref=None,
        custom=metadata(optional(obj, "custom_id"), optional(obj, "invoice_id")),
        failure_code=optional(mapping(obj, "status_details"), "reason"),
        decline_code=optional(processor, "response_code"),
    )


def sale(event: Event) -> list[MoneyInFact]:
    """A v1 sale; payments of subscriptions arrive as such. A reversed one shows its own id and a negative total.

    Raises:
        UnparsableBody: it has no id, or an amount that is no exact money.
    """
    obj = event.object
    word = optional(obj, "state") or ("reversed" if event.type.endswith(".REVERSED") else None)
    if event.type.endswith(".REVERSED"):
        word = "reversed"
    return _money_in(
        event,
        kind="sale",
        word=word,
        fee=money(obj, "transaction_fee"),
        order_ref=None,
        subscription_ref=optional(obj, "billing_agreement_id"),
        custom=metadata(optional(obj, "custom"), optional(obj, "invoice_number")),
        failure_code=optional(obj, "reason_code"),
        decline_code=None,
    )


def _money_in(
    event: Event,
    *,
    kind: str,
    word: str | None,
    fee: Money | None,
    order_ref: str | None,
    subscription_ref: str | None,
    custom: Mapping[str, Any],
    failure_code: str | None,
    decline_code: str | None,
) -> list[MoneyInFact]:
    obj, upper = event.object, (word or "").upper()
    external_id = needed(obj, "id")
    status = _STATUSES.get(upper, UNKNOWN)
    at = version(event, *CHARGE.place(status))
    amount = money(obj, "amount")
    minor: int | Unset = UNSET if amount is None else abs(amount[0])
    currency: str | Unset = UNSET if amount is None else amount[1]
    failed = status == "failed"
    purpose = declared_purpose(custom, mode="subscription" if subscription_ref else None)[0]
    payment = PaymentFact(
        source=event.source,
        external_id=external_id,
        version=at,
        kind=kind,
        provider_status=said(word),
        amount_minor=minor,
        currency=currency,
        processor_fee_minor=fee[0] if fee is not None and (amount is None or fee[1] == amount[1]) else UNSET,
        subscription_ref=_snapshot(event, subscription_ref),
        latest_charge_ref=external_id,
        order_ref=_snapshot(event, order_ref),
        confirmed=event.type.endswith(FETCHED),
        purpose=_snapshot(event, purpose if custom or subscription_ref else None),
        metadata_=_snapshot(event, custom or None),
        provider_created_at=time_of(obj, "create_time"),
    )
    charge = ChargeFact(
        source=event.source,
        external_id=external_id,
        version=at,
        # A word that is new to us leaves the status as it was; the look-up or an operator will tell.
        status=UNSET if status == UNKNOWN else status,
        provider_status=said(word),
        amount_minor=minor,
        amount_captured_minor=minor if status == "succeeded" else UNSET,
        amount_refunded_minor=minor if upper in _ALL_BACK else UNSET,
        currency=currency,
        captured=status == "succeeded" or UNSET,
        payment_ref=external_id,
        failure_code=(failure_code or upper) if failed else UNSET,
        failure_message=said(optional(event.envelope, "summary")) if failed else UNSET,
        decline_code=said(decline_code) if failed else UNSET,
        method_kind="paypal",
        metadata_=custom or UNSET,
        provider_created_at=time_of(obj, "create_time"),
    )
    return [payment, charge]


def _snapshot(event: Event, value: T | None) -> T | Unset | None:
    """What a look-up does not show is not there, whatever a webhook said before: its answer is complete."""
    return UNSET if value is None and not event.type.endswith(FETCHED) else value
