"""Looks ahead for subscriptions that begin: what their terms, first invoices and collection need is asked for all of a batch at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from billing.operations.catalogue import prices_of, products_of
from billing.operations.collect_invoice import balance_key, collectable, request_ref
from billing.operations.money_credit import credit_key
from billing.operations.open_period import invoice_ref
from billing.operations.price_next_period import assignments
from billing.operations.start_subscription import running_plans
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Command
from billing.rules.commands.subscriptions import StartSubscription
from billing.rules.commands.trials import StartTrial
from billing.rules.facts.base import Fact
from billing.rules.subscription_terms import whole_second
from models.base import OWN_SOURCE
from models.customer_balance import CustomerBalance
from models.invoice import Invoice
from models.money_credit import MoneyCredit
from models.organisation import Organisation
from models.payment_request import PaymentRequest
from models.subscriber import Subscriber


def expect_starts(unit: UnitOfWork, told: Sequence[tuple[datetime, Fact | Command]]) -> None:
    """Of commands that begin one, with a trial or without; their subscribers are locked already."""
    begins = [(at, one) for at, one in told if isinstance(one, (StartSubscription, StartTrial))]
    refs = {one.subscriber_ref for _, one in begins}
    if not refs:
        return
    products = {one.product for _, one in begins}
    products_of(unit, products)
    prices_of(unit, products)
    running_plans(unit, refs)
    assignments(unit, refs)
    unit.expect((Organisation.NAME, OWN_SOURCE, ref) for ref in sorted(refs))
    subscribers = unit.find(Subscriber, OWN_SOURCE, refs)
    unit.expect(
        reference
        for at, one in begins
        if isinstance(one, StartSubscription) and one.subscriber_ref in subscribers
        for reference in _collection(at, one, subscribers[one.subscriber_ref])
    )


def _collection(at: datetime, command: StartSubscription, subscriber: Subscriber) -> Iterator[tuple[str, str, str]]:
    """The first invoice, what it takes from, and what collects it."""
    invoice = invoice_ref(command.reference, whole_second(at))
    yield Invoice.NAME, OWN_SOURCE, invoice
    yield MoneyCredit.NAME, OWN_SOURCE, credit_key(command.subscriber_ref, command.currency)
    if command.collection == "automatic" and collectable(subscriber):
        yield PaymentRequest.NAME, subscriber.pay_source or "", request_ref(invoice)
        yield CustomerBalance.NAME, subscriber.pay_source or "", balance_key(subscriber, command.currency)
