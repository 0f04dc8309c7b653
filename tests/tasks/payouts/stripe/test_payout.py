"""Payout rows follow Stripe's word in any order; a failure gives the funds back exactly once and keeps its reason."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from billing.rules.facts.event import Event
from tests.factories.stripe_money_out import T0, stripe_event
from tests.factories.telling import Teller


def told(event_type: str, status: str, after_s: int, **more: Any) -> Event:
    obj = {
        "id": "po_1",
        "object": "payout",
        "amount": 1100,
        "currency": "eur",
        "status": status,
        "destination": "ba_1",
        "arrival_date": 1_772_323_200,
        "failure_code": None,
        "failure_message": None,
    }
    event_id = f"evt_{event_type}_{after_s}"
    return stripe_event(event_type, obj | more, event_id=event_id, after_s=after_s, account="acct_1")


FAILURE = {"failure_code": "account_closed", "failure_message": "The bank account has been closed"}
STORY = (
    told("payout.created", "pending", 0),
    told("payout.updated", "in_transit", 1),
    told("payout.paid", "paid", 2),
    told("payout.failed", "failed", 3, **FAILURE),
    told("payout.updated", "failed", 9, metadata={"seen": "yes"}, **FAILURE),
)


@pytest.mark.requirement("INBOX-8", "PAYOUT-6")
def test_a_payout_is_mirrored_with_account_destination_and_arrival(teller: Teller) -> None:
    teller.tell(*STORY[:3])
    row, account = teller.only("payout"), teller.only("account")
    assert (row["status"], row["amount_minor"], row["currency"]) == ("paid", 1100, "EUR")
    assert (row["destination_ref"], row["arrival_on"].isoformat()) == ("ba_1", "2026-03-01")
    assert row["account_id"] == account["id"]
    assert account["external_id"] == "acct_1"
    assert account["versions"] == {}, "the account is a stub until its own event comes"


@pytest.mark.requirement("PAYOUT-6")
def test_a_failure_after_it_was_paid_counts_and_keeps_its_reason(teller: Teller) -> None:
    teller.tell(*STORY)
    row = teller.only("payout")
    assert (row["status"], row["failure_code"]) == ("failed", "account_closed")
    assert row["failure_message"] == "The bank account has been closed"
    assert row["failed_at"] == T0.replace(second=3), "a later snapshot does not move the instant of the failure"
    assert row["paid_at"] == T0.replace(second=2)


@pytest.mark.requirement("PAYOUT-6", "AUDIT-2")
def test_the_failure_is_one_move_however_often_it_is_told(teller: Teller) -> None:
    teller.tell(*STORY, *STORY)
    steps = [(before and before["status"], after["status"]) for before, after in teller.moves("payout.status")]
    assert steps == [(None, "pending"), ("pending", "in_transit"), ("in_transit", "paid"), ("paid", "failed")]


@pytest.mark.requirement("INBOX-17")
def test_any_order_ends_in_the_same_row(teller: Teller) -> None:
    expected = teller.imagine([STORY], "payout", "account")
    for order in itertools.permutations(STORY):
        assert teller.imagine([order[:2], order[2:]], "payout", "account") == expected


@pytest.mark.requirement("PAYOUT-6")
def test_a_success_that_arrives_after_the_failure_changes_nothing(teller: Teller) -> None:
    teller.tell(STORY[3], told("payout.paid", "paid", 60))
    assert teller.only("payout")["status"] == "failed"
    assert len(teller.moves("payout.status")) == 1


def test_a_status_of_a_later_api_version_is_kept(teller: Teller) -> None:
    teller.tell(told("payout.updated", "reticulating", 1), told("payout.paid", "paid", 2))
    assert teller.only("payout")["status"] == "paid"
    assert [after["status"] for _, after in teller.moves("payout.status")] == ["unknown", "paid"]


def test_reconciliation_is_recorded(teller: Teller) -> None:
    teller.tell(told("payout.reconciliation_completed", "paid", 5, reconciliation_status="completed"))
    assert teller.only("payout")["reconciliation_status"] == "completed"
