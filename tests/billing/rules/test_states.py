"""The declared moves of subscriptions, invoices, payments, charges and checkouts (SUB-2, SUB-8)."""

from __future__ import annotations

import pytest

from billing.rules.states import ALL, CHARGE, INVOICE, PAYMENT, SUBSCRIPTION
from billing.rules.states_money_out import UNKNOWN, Statuses


@pytest.mark.requirement("SUB-1")
def test_the_statuses_of_a_subscription_are_the_catalogues() -> None:
    said = ["pending", "trialing", "active", "past_due", "unpaid", "paused", "pending_renewal", "cancelled", "expired"]
    assert set(SUBSCRIPTION.order) == {*said, UNKNOWN}


@pytest.mark.requirement("SUB-2")
@pytest.mark.parametrize(
    ("statuses", "before", "after"),
    [
        (SUBSCRIPTION, None, "active"),
        (SUBSCRIPTION, "pending", "active"),
        (SUBSCRIPTION, "pending", "expired"),
        (SUBSCRIPTION, "trialing", "active"),
        (SUBSCRIPTION, "active", "past_due"),
        (SUBSCRIPTION, "past_due", "active"),
        (SUBSCRIPTION, "unpaid", "active"),
        (SUBSCRIPTION, "active", "paused"),
        (SUBSCRIPTION, "paused", "cancelled"),
        (INVOICE, "draft", "pending"),
        (INVOICE, "uncollectible", "paid"),
        (INVOICE, "pending", "void"),
        (PAYMENT, "failed", "requires_action"),
        (PAYMENT, "processing", "failed"),
        (PAYMENT, "cancelled", "succeeded"),
        (CHARGE, "authorised", "cancelled"),
        (CHARGE, "pending", "failed"),
    ],
)
def test_legal_moves(statuses: Statuses, before: str | None, after: str) -> None:
    assert statuses.legal(before, after)


@pytest.mark.requirement("SUB-2")
@pytest.mark.parametrize(
    ("statuses", "before", "after"),
    [
        (SUBSCRIPTION, "cancelled", "active"),
        (SUBSCRIPTION, "expired", "pending"),
        (SUBSCRIPTION, "active", "pending"),
        (SUBSCRIPTION, "active", "no such status"),
        (INVOICE, "paid", "pending"),
        (INVOICE, "void", "draft"),
        (INVOICE, "pending", "draft"),
        (PAYMENT, "succeeded", "failed"),
        (PAYMENT, "succeeded", "cancelled"),
        (CHARGE, "succeeded", "failed"),
    ],
)
def test_illegal_moves(statuses: Statuses, before: str, after: str) -> None:
    assert not statuses.legal(before, after)


@pytest.mark.parametrize("statuses", ALL, ids=lambda statuses: statuses.of)
def test_a_table_knows_its_words(statuses: Statuses) -> None:
    assert set(statuses.said_as.values()) <= set(statuses.order)
    assert statuses.read("a word of tomorrow") == UNKNOWN
    assert len({statuses.place(status) for status in statuses.order}) == len(statuses.order)
    assert all(statuses.read(status) == status for status in statuses.order)
