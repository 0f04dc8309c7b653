"""Refunds are absorbed whoever made them, one row per refund id; a failed one is taken off what went back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from billing.rules.facts.event import Event
from tests.factories.stripe_money_out import T0, stripe_event
from tests.factories.telling import Teller

pytestmark = pytest.mark.requirement("REFUND-6")


def refund(event: str, status: str, after_s: int, *, refund_id: str = "re_1", amount: int = 300, **more: Any) -> Event:
    obj = {
        "id": refund_id,
        "object": "refund",
        "amount": amount,
        "currency": "usd",
        "status": status,
        "charge": "ch_1",
        "payment_intent": "pi_1",
        "metadata": {},
    }
    event_id = f"evt_{refund_id}_{event}_{after_s}"
    return stripe_event(event, obj | more, event_id=event_id, after_s=after_s)


def refunded(amount_refunded: int, after_s: int, **more: Any) -> Event:
    obj = {
        "id": "ch_1",
        "object": "charge",
        "amount": 1000,
        "amount_captured": 1000,
        "amount_refunded": amount_refunded,
        "refunded": amount_refunded == 1000,
        "currency": "usd",
        "status": "succeeded",
        "captured": True,
        "paid": True,
        "payment_intent": "pi_1",
        "created": 1_772_366_400,
    }
    event_id = f"evt_ch_{amount_refunded}_{after_s}"
    return stripe_event("charge.refunded", obj | more, event_id=event_id, after_s=after_s)


def went_back(teller: Teller) -> tuple[int, int]:
    """(of the charge, of its payment), minor units."""
    return teller.only("charge")["refunded_minor"], teller.only("payment")["refunded_minor"]


@pytest.mark.requirement("INBOX-8")
def test_a_refund_from_the_dashboard_becomes_a_row(teller: Teller) -> None:
    teller.tell(refund("refund.created", "pending", 0), refund("refund.updated", "succeeded", 1))
    row = teller.only("refund")
    assert (row["status"], row["amount_minor"], row["currency"]) == ("succeeded", 300, "USD")
    assert row["charge_id"] == teller.only("charge")["id"]
    assert row["payment_id"] == teller.only("payment")["id"]
    assert went_back(teller) == (300, 300), "the charge itself may never be told"


def test_one_refund_told_in_three_ways_counts_once(teller: Teller) -> None:
    inner = {"id": "re_1", "amount": 300, "status": "succeeded"}
    teller.tell(
        refund("refund.created", "succeeded", 0),
        refunded(300, 1, refunds={"object": "list", "data": [inner]}),
        refund("charge.refund.updated", "succeeded", 2, metadata={"note": "x"}),
        refunded(300, 1, refunds={"object": "list", "data": [inner]}),
    )
    assert len(teller.rows("refund")) == 1
    assert went_back(teller) == (300, 300)
    assert len(teller.moves("refund.status")) == 1


def test_partial_refunds_add_up(teller: Teller) -> None:
    teller.tell(
        refund("refund.created", "succeeded", 0),
        refund("refund.created", "succeeded", 1, refund_id="re_2", amount=200),
        refunded(500, 2),
    )
    assert went_back(teller) == (500, 500)


def test_the_charge_alone_is_believed_while_its_refunds_are_unknown(teller: Teller) -> None:
    teller.tell(refunded(500, 2), refunded(300, 1))
    assert went_back(teller) == (500, 500)


@pytest.mark.requirement("INBOX-8")
def test_a_refund_that_fails_days_later_is_taken_off_again(teller: Teller) -> None:
    teller.tell(
        refund("refund.created", "succeeded", 0),
        refunded(300, 1),
        refund("refund.failed", "failed", 86_400, failure_reason="lost_or_stolen_card"),
    )
    row = teller.only("refund")
    assert (row["status"], row["failure_reason"]) == ("failed", "lost_or_stolen_card")
    assert (row["failed_at"] - T0).days == 1
    assert went_back(teller) == (0, 0)
    steps = [(before and before["status"], after["status"]) for before, after in teller.moves("refund.status")]
    assert steps == [(None, "succeeded"), ("succeeded", "failed")]


def test_a_late_charge_snapshot_does_not_bring_a_failed_refund_back(teller: Teller) -> None:
    teller.tell(refund("refund.failed", "failed", 5), refunded(300, 1), refund("refund.created", "succeeded", 0))
    assert teller.only("refund")["status"] == "failed"
    assert went_back(teller) == (0, 0)


def test_a_second_refund_after_a_failed_one_counts_once(teller: Teller) -> None:
    teller.tell(
        refund("refund.created", "succeeded", 0, amount=1000),
        refunded(1000, 1),
        refund("refund.failed", "failed", 2, amount=1000),
        refund("refund.created", "succeeded", 3, refund_id="re_2", amount=1000),
        refunded(1000, 4),
    )
    assert went_back(teller) == (1000, 1000)


def test_refunds_recorded_at_the_same_time_all_count(teller: Teller) -> None:
    events = [
        event
        for number in range(12)
        for event in (
            refund("refund.created", "succeeded", number, refund_id=f"re_{number}", amount=10),
            refunded(10, number),
        )
    ]
    with ThreadPoolExecutor(max_workers=3) as pool:
        list(pool.map(teller.tell, events))
    assert len(teller.rows("refund")) == 12
    assert went_back(teller) == (120, 120)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
@pytest.mark.parametrize(("taken", "more"), [(600, {}), (0, {"captured": False, "refunded": True})])
def test_what_was_authorised_and_never_taken_is_no_refund(teller: Teller, order: tuple[int, ...], taken: int, more: dict[str, Any]) -> None:
    """Stripe counts what it lets go of an authorisation as refunded, and tells of it as a refund that moved no balance."""
    events = [
        refund("refund.created", "succeeded", 1, amount=1000 - taken, balance_transaction=None),
        refunded(1000 - taken, 1, amount_captured=taken, **more),
        stripe_event("payment_intent.succeeded" if taken else "payment_intent.canceled", {
            "id": "pi_1", "object": "payment_intent", "amount": 1000, "amount_received": taken, "currency": "usd", "metadata": {},
            "status": "succeeded" if taken else "canceled", "latest_charge": "ch_1", "created": 1_772_366_400,
        }, event_id="evt_pi", after_s=2),
    ]  # fmt: skip
    teller.tell(*(events[place] for place in order))
    payment = teller.only("payment")
    assert (payment["received_minor"], payment["refunded_minor"] or 0, payment["refund_status"]) == (taken, 0, None)
    assert booked(teller) == ({"charge": taken} if taken else {})
    if taken:
        teller.tell(
            refund("refund.created", "succeeded", 3, refund_id="re_2", amount=100, balance_transaction="txn_2"),
            refunded(1100 - taken, 4, amount_captured=taken),
        )
        assert went_back(teller) == (100, 100)
        assert booked(teller) == {"charge": taken, "refund": 100}


def booked(teller: Teller) -> dict[str, int]:
    """What charges and refunds are booked with, by kind."""
    sums: dict[str, int] = {}
    for row in (*teller.rows("charge"), *teller.rows("refund")):
        for kind, held in (row["booked"] or {}).items():
            sums[kind] = sums.get(kind, 0) + sum(leg[2] for leg in held["legs"])
    return {kind: total for kind, total in sums.items() if total}
