"""Disputes: their status and the money that they move are two things; only the disputed charge is concerned."""

from __future__ import annotations

from typing import Any

import pytest

from billing.rules.facts.event import Event
from tests.factories.stripe_money_out import T0, stripe_event
from tests.factories.telling import Teller

OUT = {"id": "txn_1", "amount": -1000, "fee": 1500, "net": -2500, "currency": "usd", "created": 1_772_366_400}
BACK = {"id": "txn_2", "amount": 1000, "fee": -1500, "net": 2500, "currency": "usd", "created": 1_772_366_500}


def dispute(event: str, status: str, after_s: int, *moves: dict[str, Any], **more: Any) -> Event:
    obj = {
        "id": "dp_1",
        "object": "dispute",
        "amount": 1000,
        "currency": "usd",
        "status": status,
        "reason": "fraudulent",
        "charge": "ch_1",
        "payment_intent": "pi_1",
        "evidence_details": {"due_by": 1_773_000_000},
        "is_charge_refundable": False,
        "balance_transactions": list(moves),
    }
    event_id = f"evt_{event}_{after_s}"
    return stripe_event(f"charge.dispute.{event}", obj | more, event_id=event_id, after_s=after_s)


def funds(teller: Teller) -> tuple[int | None, int | None]:
    row = teller.only("dispute")
    return row["funds_withdrawn_minor"], row["funds_reinstated_minor"]


@pytest.mark.requirement("INBOX-8", "DISPUTE-1", "DISPUTE-5")
def test_a_dispute_is_recorded_with_its_deadline_and_its_charge(teller: Teller) -> None:
    teller.tell(dispute("created", "needs_response", 0))
    row = teller.only("dispute")
    assert (row["status"], row["reason"], row["amount_minor"]) == ("needs_response", "fraudulent", 1000)
    assert row["evidence_due_at"] is not None
    assert row["charge_id"] == teller.only("charge")["id"]
    assert row["payment_id"] == teller.only("payment")["id"]
    assert len(teller.moves("dispute.status")) == 1


@pytest.mark.requirement("DISPUTE-4")
def test_money_moves_when_it_is_withdrawn_and_reinstated_not_before(teller: Teller) -> None:
    teller.tell(dispute("created", "needs_response", 0))
    assert funds(teller) == (None, None)
    teller.tell(dispute("funds_withdrawn", "needs_response", 1, OUT))
    assert funds(teller) == (1000, None)
    teller.tell(dispute("closed", "won", 2, OUT))
    assert funds(teller) == (1000, None)
    teller.tell(dispute("funds_reinstated", "won", 3, OUT, BACK))
    assert funds(teller) == (1000, 1000)
    assert [after for _, after in teller.moves("dispute.funds")] == [
        {"funds_withdrawn_minor": 1000, "currency": "USD"},
        {"funds_reinstated_minor": 1000, "currency": "USD"},
    ]


@pytest.mark.requirement("INBOX-8", "DISPUTE-2")
@pytest.mark.parametrize(
    ("status", "outcome"), [("won", "won"), ("lost", "lost"), ("warning_closed", "no_loss"), ("prevented", "no_loss")]
)
def test_how_it_ended_is_audited(teller: Teller, status: str, outcome: str) -> None:
    teller.tell(dispute("created", "warning_needs_response", 0), dispute("closed", status, 9))
    row = teller.only("dispute")
    assert (row["status"], row["closed_at"]) == (status, T0.replace(second=9))
    before, after = teller.moves("dispute.status")[-1]
    assert (before["status"], after["outcome"]) == ("warning_needs_response", outcome)


@pytest.mark.requirement("INBOX-17")
def test_a_closed_dispute_is_not_reopened_by_what_comes_late(teller: Teller) -> None:
    teller.tell(
        dispute("closed", "lost", 5, OUT),
        dispute("updated", "under_review", 60),
        dispute("created", "needs_response", 0),
    )
    assert teller.only("dispute")["status"] == "lost"
    assert len(teller.moves("dispute.status")) == 1
