"""Looks ahead for payments that succeeded: what their invoices, periods and credits will need is loaded for all of a batch at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from billing.operations.catalogue import products_of
from billing.operations.follow_subscription_invoice import GRANTING
from billing.operations.given_back import perhaps_given
from billing.operations.reset_credits import lot_of
from billing.operations.settle_period import settlement_ref
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Command
from billing.rules.facts.base import Fact, Unset
from billing.rules.facts.named import wanted_by
from billing.rules.facts.payment import ChargeFact, PaymentFact
from models.base import OWN_SOURCE
from models.credit_account import CreditAccount
from models.credit_cycle import CreditCycle
from models.credit_lot import CreditLot
from models.fulfilment import Fulfilment
from models.invoice import Invoice
from models.payment_request import PaymentRequest
from models.period_settlement import PeriodSettlement
from models.subscriber import Subscriber
from models.subscription import Subscription
from models.usage_period import UsagePeriod

Reference = tuple[str, str, str]


def expect_payments(unit: UnitOfWork, told: Sequence[tuple[datetime, Fact | Command]]) -> None:
    """Of money that pays invoices of ours; their requests are loaded already."""
    fulfilments, paid = set[Reference](), set[str]()
    for source, payment_ref, request_ref in _succeeded(told):
        request = unit.find(PaymentRequest, source, [request_ref]).get(request_ref)
        if request is not None and request.purpose == "invoice" and request.purpose_ref:
            fulfilments.add((Fulfilment.NAME, source, payment_ref))
            paid.add(request.purpose_ref)
    unit.expect((Invoice.NAME, OWN_SOURCE, ref) for ref in paid)
    unit.expect(fulfilments)
    invoices = [row for row in unit.find(Invoice, OWN_SOURCE, sorted(paid)).values() if row.subscription_ref]
    unit.expect((Subscriber.NAME, OWN_SOURCE, row.subscriber_ref) for row in invoices if row.subscriber_ref)
    perhaps_given(unit, invoices)
    pending = {row.subscription_ref or "": row for row in invoices if row.status == "pending" and row.period_start is not None}
    unit.expect((Subscription.NAME, OWN_SOURCE, ref) for ref in pending)
    settled = {ref: row for ref, row in pending.items() if row.billing_reason in GRANTING}
    unit.expect(_of_periods(settled))
    subscriptions = unit.find(Subscription, OWN_SOURCE, sorted(settled))
    products_of(unit, {row.product_ref for row in subscriptions.values() if row.product_ref})
    unit.expect(_lots(unit, settled, subscriptions))


def _succeeded(told: Sequence[tuple[datetime, Fact | Command]]) -> Iterator[tuple[str, str, str]]:
    """(provider, payment, the request of ours that wanted it)"""
    for _, fact in told:
        payment_ref: str | Unset | None = None
        if isinstance(fact, PaymentFact) and fact.intent_status == "succeeded":
            payment_ref = fact.external_id
        elif isinstance(fact, ChargeFact) and fact.status == "succeeded":
            payment_ref = fact.payment_ref
        if isinstance(fact, (PaymentFact, ChargeFact)) and isinstance(payment_ref, str):
            for _, request_ref in wanted_by(fact.metadata_, PaymentRequest.NAME):
                yield fact.source, payment_ref, request_ref


def _of_periods(settled: dict[str, Invoice]) -> Iterator[Reference]:
    for ref, row in settled.items():
        if row.period_start is not None:
            yield PeriodSettlement.NAME, OWN_SOURCE, settlement_ref(ref, row.period_start)
        if row.total_minor:
            yield CreditCycle.NAME, OWN_SOURCE, ref
            yield CreditAccount.NAME, OWN_SOURCE, row.subscriber_ref or ""
        yield UsagePeriod.NAME, OWN_SOURCE, row.subscriber_ref or ""


def _lots(unit: UnitOfWork, settled: dict[str, Invoice], subscriptions: dict[str, Subscription]) -> Iterator[Reference]:
    """His open ones, that of the month before and that of the new one, if the period begins on the day on which credits do."""
    accounts = unit.find(CreditAccount, OWN_SOURCE, {row.subscriber_ref or "" for row in settled.values()})
    for account in accounts.values():
        yield from ((CreditLot.NAME, OWN_SOURCE, name) for name in account.open_lots or ())
    cycles = unit.find(CreditCycle, OWN_SOURCE, set(settled))
    for ref, subscription in subscriptions.items():
        cycle = cycles.get(ref)
        for month in (settled[ref].period_start, cycle.month_start if cycle is not None else None):
            if month is not None and settled[ref].total_minor:
                yield CreditLot.NAME, OWN_SOURCE, lot_of(subscription, month)
