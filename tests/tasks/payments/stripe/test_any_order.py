"""Promise 3 for what happens to one charge: any order, with duplicates and equal seconds, ends in the same rows."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.rules.facts.event import Event
from tests.factories.stripe_money_out import stripe_event
from tests.factories.telling import Teller
from tests.tasks.payments.stripe.test_charge_dispute import BACK, OUT, dispute
from tests.tasks.payments.stripe.test_refund import refund, refunded

TABLES = ("charge", "payment", "refund", "dispute")


def charge(event: str, after_s: int, **more: Any) -> Event:
    return stripe_event(
        f"charge.{event}", dict(refunded(0, after_s).object) | more, event_id=f"evt_{event}", after_s=after_s
    )


def story(*, outcome: str, same_second: bool) -> list[Event]:
    """Paid, refunded in part twice, once in vain, then disputed for the rest."""
    first = {"id": "re_1", "amount": 300, "status": "succeeded"}
    at = [0] * 12 if same_second else list(range(12))
    ending = [dispute("funds_reinstated", "won", at[11], OUT, BACK)] if outcome == "won" else []
    return [
        charge("succeeded", at[0]),
        refund("refund.created", "pending", at[1]),
        refund("refund.updated", "succeeded", at[2]),
        refunded(300, at[3], refunds={"object": "list", "data": [first]}),
        refund("refund.created", "succeeded", at[4], refund_id="re_2", amount=200),
        refunded(500, at[5]),
        refund("refund.failed", "failed", at[6], refund_id="re_2", amount=200),
        charge("updated", at[7], amount_refunded=300),
        dispute("created", "needs_response", at[8]),
        dispute("funds_withdrawn", "needs_response", at[9], OUT),
        dispute("closed", outcome, at[10], OUT),
        *ending,
    ]


@pytest.mark.requirement("INBOX-17", "REFUND-6", "DISPUTE-4")
@pytest.mark.parametrize("outcome", ["won", "lost"])
@pytest.mark.parametrize("same_second", [False, True], ids=["in turn", "all in one second"])
def test_any_order_with_duplicates_ends_in_the_same_rows(teller: Teller, outcome: str, same_second: bool) -> None:
    events = story(outcome=outcome, same_second=same_second)
    expected = teller.imagine([[event] for event in events], *TABLES)
    [payment], [paid] = expected["payment"], expected["charge"]
    assert (paid["refunded_minor"], payment["refunded_minor"]) == (300, 300)
    assert [row["status"] for row in expected["refund"]] == ["succeeded", "failed"]
    assert expected["dispute"][0]["status"] == outcome

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.permutations(range(len(events))), st.lists(st.integers(0, len(events) - 1), max_size=4), st.integers(1, 5)
    )
    def shuffled(order: list[int], again: list[int], batch: int) -> None:
        told = [events[number] for number in (*order, *again)]
        batches = [told[start : start + batch] for start in range(0, len(told), batch)]
        assert teller.imagine(batches, *TABLES) == expected

    shuffled()
