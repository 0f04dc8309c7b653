"""Looks ahead for what a provider tells, in events and in answers: payments that succeeded, and customers who were made."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from billing.operations.expect_payments import expect_payments
from billing.operations.link_subscriptions import subscriptions_of
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Command
from billing.rules.facts.answer import AnswerFact
from billing.rules.facts.base import Fact
from billing.rules.facts.customer import CustomerFact
from models.customer import Customer
from models.customer_request import CustomerRequest


def expect_news(unit: UnitOfWork, told: Sequence[tuple[datetime, Fact | Command]]) -> None:
    """Of a batch; customers are loaded already."""
    expect_payments(unit, told)
    asked = any(isinstance(fact, AnswerFact) and fact.request_type == CustomerRequest.NAME for _, fact in told)
    customers = [unit.row(Customer, fact.source, fact.external_id) for _, fact in told if asked and isinstance(fact, CustomerFact)]
    subscriptions_of(unit, [row for row in customers if row.external_ref is None])
