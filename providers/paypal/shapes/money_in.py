"""Captures (v2) and sales (v1) -> a payment and its one charge, both under PayPal's own id.

What a webhook says of them is unconfirmed, because its signature covers a CRC only; what a look-up says is confirmed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What both generations say, each in words of its own."""

    kind: str
    word: str | None
    custom: Mapping[str, Any]
    fee: Money | None = None
    order_ref: str | None = None
    subscription_ref: str | None = None
    failure_code: str | None = None
    decline_code: str | None = None

    @property
    def status(self) -> str:
        """One of `states.CHARGE`."""
        return _STATUSES.get((self.word or "").upper(), UNKNOWN)


def capture(event: Event) -> list[MoneyInFact]:
    """A v2 capture.

    Raises:
        UnparsableBody: it has no id, or an amount that is no exact money.
    """
    obj = event.object
    ids = mapping(mapping(obj, "supplementary_data"), "related_ids")
    told = _Told(
        kind="capture",
        word=optional(obj, "status"),
        custom=metadata(optional(obj, "custom_id"), optional(obj, "invoice_id")),
        fee=money(mapping(obj, "seller_receivable_breakdown"), "paypal_fee"),
        order_ref=optional(ids, "order_id") or parent(obj, "orders"),
        failure_code=optional(mapping(obj, "status_details"), "reason"),
        decline_code=optional(mapping(obj, "processor_response"), "response_code"),
    )
    return [_payment(event, told), _charge(event, told)]


def sale(event: Event) -> list[MoneyInFact]:
    """A v1 sale; payments of subscriptions arrive as such. A reversed one shows its own id and a negative total.

    Raises:
        UnparsableBody: it has no id, or an amount that is no exact money.
    """
    obj = event.object
    told = _Told(
        kind="sale",
        word="reversed" if event.type.endswith(".REVERSED") else optional(obj, "state"),
        custom=metadata(optional(obj, "custom"), optional(obj, "invoice_number")),
        fee=money(obj, "transaction_fee"),
        subscription_ref=optional(obj, "billing_agreement_id"),
        failure_code=optional(obj, "reason_code"),
    )
    return [_payment(event, told), _charge(event, told)]


def _payment(event: Event, told: _Told) -> PaymentFact:
    obj, fee = event.object, told.fee
    external_id, (minor, currency) = needed(obj, "id"), _amount(event)
    purpose = declared_purpose(told.custom, mode="subscription" if told.subscription_ref else None)[0]
    return PaymentFact(
        source=event.source,
        external_id=external_id,
        version=version(event, *CHARGE.place(told.status)),
        kind=told.kind,
        provider_status=said(told.word),
        amount_minor=minor,
        currency=currency,
        processor_fee_minor=fee[0] if fee is not None and currency in (fee[1], UNSET) else UNSET,
        subscription_ref=_snapshot(event, told.subscription_ref),
        latest_charge_ref=external_id,
        order_ref=_snapshot(event, told.order_ref),
        confirmed=event.type.endswith(FETCHED),
        purpose=_snapshot(event, purpose if told.custom or told.subscription_ref else None),
        metadata_=_snapshot(event, told.custom or None),
        provider_created_at=time_of(obj, "create_time"),
    )


def _charge(event: Event, told: _Told) -> ChargeFact:
    external_id, (minor, currency) = needed(event.object, "id"), _amount(event)
    upper, succeeded, failed = (told.word or "").upper(), told.status == "succeeded", told.status == "failed"
    return ChargeFact(
        source=event.source,
        external_id=external_id,
        version=version(event, *CHARGE.place(told.status)),
        # A word that is new to us leaves the status as it was; the look-up or an operator will tell.
        status=UNSET if told.status == UNKNOWN else told.status,
        provider_status=said(told.word),
        amount_minor=minor,
        amount_captured_minor=minor if succeeded else UNSET,
        # Of a capture by a look-up only, as of refunds; a look-up of a v1 sale may not show that it was reversed.
        amount_refunded_minor=minor if upper in _ALL_BACK and (told.kind == "sale" or event.type.endswith(FETCHED)) else UNSET,
        currency=currency,
        captured=True if succeeded else UNSET,
        payment_ref=external_id,
        failure_code=(told.failure_code or upper) if failed else UNSET,
        failure_message=said(optional(event.envelope, "summary")) if failed else UNSET,
        decline_code=said(told.decline_code) if failed else UNSET,
        method_kind="paypal",
        metadata_=told.custom or UNSET,
        provider_created_at=time_of(event.object, "create_time"),
    )


def _amount(event: Event) -> tuple[int | Unset, str | Unset]:
    """Minor units without sign, and the currency."""
    amount = money(event.object, "amount")
    return (UNSET, UNSET) if amount is None else (abs(amount[0]), amount[1])


def _snapshot(event: Event, value: T | None) -> T | Unset | None:
    """What a look-up does not show is not there, whatever a webhook said before: its answer is complete."""
    return UNSET if value is None and not event.type.endswith(FETCHED) else value
