"""Stripe Radar's early fraud warnings."""

from __future__ import annotations

from billing.rules.facts.event import Event
from billing.rules.facts.fraud_warning import FraudWarningFact
from providers import fields
from providers.stripe.shapes import reading as read


def fraud_warning(event: Event) -> FraudWarningFact:
    """The early fraud warning that the event's object is."""
    obj = event.object
    return FraudWarningFact(
        source=event.source,
        external_id=fields.needed(obj, "id"),
        version=read.version(event),
        kind=fields.text(obj, "fraud_type"),
        actionable=read.flag(obj, "actionable"),
        charge_ref=read.ref(obj, "charge"),
        payment_ref=read.payment_of(obj),
        account_ref=event.account,
        provider_created_at=read.instant(obj, "created"),
    )
