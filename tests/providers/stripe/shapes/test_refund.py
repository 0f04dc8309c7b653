"""Stripe's refunds of any API version become facts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from billing.rules.facts.base import UNSET
from providers.errors import UnparsableBody
from providers.stripe.shapes.refund import refund, refunds_of_charge
from tests.factories.stripe_money_out import stripe_event

REFUND: dict[str, Any] = {
    "id": "re_1",
    "object": "refund",
    "amount": 300,
    "currency": "usd",
    "status": "succeeded",
    "charge": "ch_1",
    "payment_intent": "pi_1",
    "reason": "requested_by_customer",
    "metadata": {"order": "7"},
    "created": 1_772_366_400,
}


class TestRefund:
    def test_a_refund_as_it_is_today(self) -> None:
        fact = refund(stripe_event("refund.created", REFUND, account="acct_1"))
        assert (fact.external_id, fact.amount_minor, fact.currency, fact.status) == ("re_1", 300, "USD", "succeeded")
        assert (fact.charge_ref, fact.payment_ref, fact.account_ref) == ("ch_1", "pi_1", "acct_1")
        assert fact.provider_created_at == datetime(2026, 3, 1, 12, tzinfo=UTC)
        assert set(fact.references()) == {
            ("refund", "re_1"),
            ("account", "acct_1"),
            ("payment", "pi_1"),
            ("charge", "ch_1"),
        }

    def test_references_may_be_whole_objects(self) -> None:
        fact = refund(stripe_event("refund.updated", REFUND | {"charge": {"id": "ch_9", "object": "charge"}}))
        assert fact.charge_ref == "ch_9"

    @pytest.mark.parametrize(("said", "payment"), [({"payment_intent": None}, "ch_1"), ({}, UNSET)])
    def test_a_charge_without_a_payment_is_one_of_its_own(self, said: dict[str, Any], payment: Any) -> None:
        old = {key: value for key, value in REFUND.items() if key != "payment_intent"}
        assert refund(stripe_event("charge.refund.updated", old | said)).payment_ref == payment

    def test_an_unknown_status_is_kept_and_not_refused(self) -> None:
        fact = refund(stripe_event("refund.updated", REFUND | {"status": "reticulating"}))
        assert (fact.status, fact.provider_status) == ("unknown", "reticulating")

    def test_a_field_that_is_absent_stays_unsaid_and_null_is_said(self) -> None:
        fact = refund(stripe_event("refund.updated", REFUND | {"transfer_reversal": None}))
        assert fact.transfer_reversal_ref is None
        assert fact.failure_reason is UNSET

    @pytest.mark.parametrize(
        ("event_type", "previous", "says_so"),
        [("refund.failed", {}, True), ("refund.updated", {"status": "pending"}, True), ("refund.updated", {}, False)],
    )
    def test_when_it_failed_is_said_by_the_event_that_tells_of_it(
        self, event_type: str, previous: dict[str, Any], says_so: bool
    ) -> None:
        fact = refund(stripe_event(event_type, REFUND | {"status": "failed"}, after_s=9, previous=previous))
        assert (fact.failed_at is not UNSET) == says_so

    def test_a_charge_of_before_2022_lists_its_refunds(self) -> None:
        inner = {key: REFUND[key] for key in ("id", "amount", "status")}
        charge = {
            "id": "ch_1",
            "payment_intent": "pi_1",
            "currency": "usd",
            "refunds": {"object": "list", "data": [inner]},
        }
        [fact] = refunds_of_charge(stripe_event("charge.refunded", charge))
        assert (fact.charge_ref, fact.payment_ref, fact.currency, fact.amount_minor) == ("ch_1", "pi_1", "USD", 300)

    def test_refunds_of_before_2015_had_no_status_and_came_in_a_bare_list(self) -> None:
        charge = {"id": "ch_1", "currency": "usd", "refunds": [{"id": "re_1", "amount": 5}, {"amount": 6}]}
        [fact] = refunds_of_charge(stripe_event("charge.refunded", charge))
        assert (fact.external_id, fact.status) == ("re_1", "succeeded")

    def test_a_charge_of_today_lists_none(self) -> None:
        assert refunds_of_charge(stripe_event("charge.refunded", {"id": "ch_1", "currency": "usd"})) == []


@pytest.mark.parametrize(
    "broken", [{"amount": 1.5}, {"amount": True}, {"created": 10**18}, {"id": None}, {"charge": []}]
)
def test_a_value_that_the_field_cannot_have_is_refused_not_guessed(broken: dict[str, Any]) -> None:
    with pytest.raises(UnparsableBody):
        refund(stripe_event("refund.created", REFUND | broken))
