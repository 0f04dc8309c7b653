"""Stripe's disputes become facts in which status and money are two things."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from billing.rules.facts.base import UNSET
from providers.stripe.shapes.dispute import dispute
from tests.factories.stripe_money_out import stripe_event

DISPUTE: dict[str, Any] = {
    "id": "dp_1",
    "object": "dispute",
    "amount": 1000,
    "currency": "usd",
    "status": "needs_response",
    "charge": "ch_1",
    "payment_intent": "pi_1",
    "reason": "fraudulent",
    "evidence_details": {"due_by": 1_772_366_400},
    "is_charge_refundable": False,
    "balance_transactions": [],
}


def moved(amount: int, currency: str = "usd", fee: int = 0) -> dict[str, Any]:
    return {
        "id": f"txn_{amount}",
        "amount": amount,
        "fee": fee,
        "net": amount - fee,
        "currency": currency,
        "created": 0,
    }


@pytest.mark.requirement("DISPUTE-1", "DISPUTE-4")
class TestDispute:
    def test_opening_moves_no_money(self) -> None:
        fact = dispute(stripe_event("charge.dispute.created", DISPUTE))
        assert (fact.status, fact.reason, fact.is_charge_refundable) == ("needs_response", "fraudulent", False)
        assert fact.evidence_due_at == datetime(2026, 3, 1, 12, tzinfo=UTC)
        assert (fact.funds_withdrawn_minor, fact.funds_reinstated_minor) == (UNSET, UNSET)

    @pytest.mark.parametrize("status", ["won", "lost"])
    def test_closing_moves_no_money(self, status: str) -> None:
        fact = dispute(stripe_event("charge.dispute.closed", DISPUTE | {"status": status}, after_s=5))
        assert (fact.funds_withdrawn_minor, fact.funds_reinstated_minor) == (UNSET, UNSET)
        assert fact.closed_at is not UNSET

    def test_funds_are_what_the_balance_transactions_sum_up_to(self) -> None:
        moves = [moved(-600, fee=1500), moved(600)]
        fact = dispute(stripe_event("charge.dispute.funds_reinstated", DISPUTE | {"balance_transactions": moves}))
        assert (fact.funds_withdrawn_minor, fact.funds_reinstated_minor) == (600, 600)
        assert isinstance(fact.balance_transactions, list)
        assert fact.balance_transactions[0] == {
            "id": "txn_-600",
            "amount_minor": -600,
            "fee_minor": 1500,
            "net_minor": -2100,
            "currency": "USD",
            "at": "1970-01-01T00:00:00+00:00",
        }

    def test_within_one_second_more_moves_are_newer(self) -> None:
        won = DISPUTE | {"status": "won"}
        both = dispute(stripe_event("charge.dispute.updated", won | {"balance_transactions": [moved(-9), moved(9)]}))
        one = dispute(
            stripe_event("charge.dispute.closed", won | {"balance_transactions": [moved(-9)]}, event_id="evt_z")
        )
        assert both.version > one.version

    def test_in_another_currency_the_whole_disputed_amount_moved(self) -> None:
        moves = [moved(-900, currency="eur")]
        fact = dispute(stripe_event("charge.dispute.funds_withdrawn", DISPUTE | {"balance_transactions": moves}))
        assert (fact.funds_withdrawn_minor, fact.funds_reinstated_minor) == (1000, UNSET)

    def test_without_a_list_the_event_itself_says_that_money_moved(self) -> None:
        bare = {key: DISPUTE[key] for key in ("id", "amount", "currency", "status", "charge")}
        assert dispute(stripe_event("charge.dispute.funds_withdrawn", bare)).funds_withdrawn_minor == 1000
        assert dispute(stripe_event("charge.dispute.funds_reinstated", bare)).funds_reinstated_minor == 1000

    def test_a_dispute_of_before_2013_has_no_id_and_an_older_deadline(self) -> None:
        old = {"charge": "ch_1", "amount": 5, "currency": "usd", "status": "won", "evidence_due_by": 1_772_366_400}
        fact = dispute(stripe_event("charge.dispute.closed", old))
        assert fact.external_id == "dispute_of_ch_1"
        assert fact.evidence_due_at == datetime(2026, 3, 1, 12, tzinfo=UTC)

    def test_the_kind_of_case_is_its_stage(self) -> None:
        details = {"payment_method_details": {"type": "card", "card": {"case_type": "inquiry"}}}
        assert dispute(stripe_event("charge.dispute.created", DISPUTE | details)).stage == "inquiry"
