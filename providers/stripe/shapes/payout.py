"""Stripe's payouts: from a balance, ours or a connected account's, to a bank account or card."""

from __future__ import annotations

from datetime import datetime

from billing.rules.facts.base import UNSET
from billing.rules.facts.event import Event
from billing.rules.facts.payout import PayoutFact
from billing.rules.states_money_out import PAYOUT, PAYOUT_GIVEN_BACK
from providers import fields
from providers.stripe.shapes import reading as read


def payout(event: Event) -> PayoutFact:
    """The payout that the event's object is; whose it is says the envelope's `account`."""
    obj = event.object
    said = fields.optional(obj, "status") or ""
    status = PAYOUT.read(said)
    arrival = read.instant(obj, "arrival_date")
    gave_back = status in PAYOUT_GIVEN_BACK and read.just_became(event, "failed", "canceled")
    return PayoutFact(
        source=event.source,
        external_id=fields.needed(obj, "id"),
        version=read.version(event, PAYOUT, status),
        amount_minor=fields.whole(obj, "amount"),
        currency=read.currency(obj),
        status=status,
        provider_status=said or None,
        failure_code=fields.text(obj, "failure_code"),
        failure_message=fields.text(obj, "failure_message"),
        paid_at=event.occurred_at if status == "paid" and read.just_became(event, "paid") else UNSET,
        failed_at=event.occurred_at if gave_back else UNSET,
        arrival_on=arrival.date() if isinstance(arrival, datetime) else arrival,
        automatic=read.flag(obj, "automatic"),
        method=fields.text(obj, "method"),
        destination_ref=read.ref(obj, "destination"),
        account_ref=event.account,
        balance_transaction_ref=read.ref(obj, "balance_transaction"),
        failure_balance_transaction_ref=read.ref(obj, "failure_balance_transaction"),
        original_payout_ref=read.ref(obj, "original_payout"),
        reversed_by_ref=read.ref(obj, "reversed_by"),
        reconciliation_status=fields.text(obj, "reconciliation_status"),
        confirmed=True,
        metadata_=read.metadata(obj),
        provider_created_at=read.instant(obj, "created"),
    )
