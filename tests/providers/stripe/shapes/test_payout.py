"""Stripe's payouts and transfers become facts; failures are newer than any success."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from billing.rules.facts.base import UNSET
from providers.stripe.shapes.payout import payout
from providers.stripe.shapes.transfer import transfer
from tests.factories.stripe_money_out import T0, stripe_event

PAYOUT: dict[str, Any] = {
    "id": "po_1",
    "object": "payout",
    "amount": 1100,
    "currency": "eur",
    "status": "paid",
    "arrival_date": 1_772_323_200,
    "automatic": True,
    "destination": "ba_1",
    "failure_code": None,
    "failure_message": None,
}


@pytest.mark.requirement("PAYOUT-6")
class TestPayout:
    def test_whose_it_is_says_the_envelope(self) -> None:
        fact = payout(stripe_event("payout.paid", PAYOUT, account="acct_7", after_s=3))
        assert (fact.account_ref, fact.destination_ref, fact.status) == ("acct_7", "ba_1", "paid")
        assert fact.arrival_on == date(2026, 3, 1)
        assert (fact.paid_at, fact.failed_at) == (T0.replace(second=3), UNSET)

    def test_a_failure_keeps_code_message_and_instant(self) -> None:
        obj = PAYOUT | {
            "status": "failed",
            "failure_code": "account_closed",
            "failure_message": "The account was closed",
        }
        fact = payout(stripe_event("payout.failed", obj, after_s=3))
        assert (fact.failure_code, fact.failure_message) == ("account_closed", "The account was closed")
        assert fact.failed_at == T0.replace(second=3)

    def test_a_failure_is_newer_than_any_success(self) -> None:
        late_success = payout(stripe_event("payout.paid", PAYOUT, after_s=99))
        failure = payout(stripe_event("payout.failed", PAYOUT | {"status": "failed"}))
        assert failure.version > late_success.version


@pytest.mark.requirement("PAYOUT-5")
class TestTransfer:
    def test_a_transfer_of_today(self) -> None:
        obj = {
            "id": "tr_1",
            "amount": 1000,
            "amount_reversed": 400,
            "currency": "usd",
            "destination": "acct_1",
            "source_transaction": {"id": "ch_1"},
            "destination_payment": "py_1",
            "transfer_group": "g",
        }
        fact = transfer(stripe_event("transfer.reversed", obj))
        assert (fact.destination_ref, fact.charge_ref, fact.reversed_minor) == ("acct_1", "ch_1", 400)
        assert fact.provider_status is UNSET

    def test_a_transfer_of_before_2017_went_to_a_bank(self) -> None:
        obj = {"id": "tr_1", "amount": 67, "currency": "usd", "status": "failed", "destination": "ba_1"}
        fact = transfer(stripe_event("transfer.failed", obj))
        assert (fact.destination_ref, fact.provider_status, fact.version.phase) == (UNSET, "failed", 2)
        assert set(fact.references()) == {("transfer", "tr_1")}
