"""Stripe's application fees: our share of a connected account's charge."""

from __future__ import annotations

from billing.rules.facts.application_fee import ApplicationFeeFact
from billing.rules.facts.event import Event
from providers import fields
from providers.stripe.shapes import reading as read


def application_fee(event: Event) -> ApplicationFeeFact:
    """The application fee that the event's object is."""
    obj = event.object
    return ApplicationFeeFact(
        source=event.source,
        external_id=fields.needed(obj, "id"),
        version=read.version(event),
        amount_minor=fields.whole(obj, "amount"),
        refunded_minor=fields.whole(obj, "amount_refunded"),
        currency=read.currency(obj),
        account_ref=read.ref(obj, "account"),
        charge_ref=read.ref(obj, "charge"),
        balance_transaction_ref=read.ref(obj, "balance_transaction"),
        provider_created_at=read.instant(obj, "created"),
    )
