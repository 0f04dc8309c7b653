"""Stripe's refunds, alone (`refund.*`, `charge.refund.updated`) or listed in a charge (shapes before 2022-11-15)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from billing.rules.facts.base import UNSET
from billing.rules.facts.event import Event
from billing.rules.facts.refund import RefundFact
from billing.rules.states_money_out import REFUND
from providers import fields
from providers.stripe.shapes import reading as read


def refund(event: Event) -> RefundFact:
    """The refund that the event's object is."""
    return _refund(event, event.object)


def refunds_of_charge(event: Event) -> list[RefundFact]:
    """The refunds that a charge's snapshot lists; none in shapes since 2022-11-15, then `refund.*` events tell them."""
    charge = event.object
    above = {"charge": fields.needed(charge, "id")}
    above |= {name: charge[name] for name in ("payment_intent", "currency") if name in charge}
    return [_refund(event, above | dict(item)) for item in read.listed(charge, "refunds") if item.get("id")]


def _refund(event: Event, obj: Mapping[str, Any]) -> RefundFact:
    said = fields.optional(obj, "status") or "succeeded"  # refunds had no status before 2015: they were made at once
    status = REFUND.read(said)
    return RefundFact(
        source=event.source,
        external_id=fields.needed(obj, "id"),
        version=read.version(event, REFUND, status),
        amount_minor=fields.whole(obj, "amount"),
        currency=read.currency(obj),
        status=status,
        provider_status=said,
        reason=fields.text(obj, "reason"),
        failure_reason=fields.text(obj, "failure_reason"),
        failed_at=event.occurred_at if status == "failed" and read.just_became(event, "failed") else UNSET,
        charge_ref=read.ref(obj, "charge"),
        payment_ref=read.payment_of(obj),
        account_ref=event.account,
        balance_transaction_ref=read.ref(obj, "balance_transaction"),
        failure_balance_transaction_ref=read.ref(obj, "failure_balance_transaction"),
        transfer_reversal_ref=read.ref(obj, "transfer_reversal"),
        source_transfer_reversal_ref=read.ref(obj, "source_transfer_reversal"),
        confirmed=True,
        metadata_=read.metadata(obj),
        provider_created_at=read.instant(obj, "created"),
    )
