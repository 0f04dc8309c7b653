"""PayPal's money is booked once PayPal's own API has confirmed it, whatever its webhooks say before and after (promise 5)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories.books import Books, books
from tests.harness.cluster import Database
from tests.payloads import sample
from tests.tasks.mirror import Mirror, make_mirror
from tests.tasks.payments.paypal.ground import QUEUES, changed

TOLD = ("PAYMENT.CAPTURE.COMPLETED", "PAYMENT.CAPTURE.REFUNDED", "PAYMENT.PAYOUTS-ITEM.SUCCEEDED")
LOOKED = ("CAPTURE.FETCHED", "REFUND.FETCHED", "PAYOUTS-ITEM.FETCHED")


@pytest.fixture
def mirror(database: Database) -> Iterator[Mirror]:
    made = make_mirror(database, "paypal", QUEUES)
    yield made
    made.engine.dispose()


def booked(mirror: Mirror, bodies: Sequence[bytes], batch: int = 1) -> Books:
    with mirror.played(bodies, batch=batch) as session:
        return books(session.connection())


@pytest.mark.requirement("INBOX-11", "PAY-1")
def test_nothing_is_booked_before_it_is_confirmed_and_all_of_it_after(mirror: Mirror) -> None:
    told, looked = ([sample("paypal", name) for name in names] for names in (TOLD, LOOKED))
    assert booked(mirror, told) == {}
    found = booked(mirror, [*told, *looked])
    assert found["paypal:sales", "EUR"] == -12_100
    assert found["paypal:processor_fees", "EUR"] >= 446
    assert found["paypal:refunds", "EUR"] > 0
    assert found["paypal:payee_share", "EUR"] > 0
    assert sum(found.values()) == 0
    bodies = [*told, *looked]

    @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.permutations(range(len(bodies))), st.lists(st.integers(0, len(bodies) - 1), max_size=3), st.integers(1, 4))
    def shuffled(order: list[int], again: list[int], batch: int) -> None:
        assert booked(mirror, [bodies[number] for number in (*order, *again)], batch) == found

    shuffled()


def test_a_forged_amount_after_a_confirmed_one_changes_nothing(mirror: Mirror) -> None:
    looked = [sample("paypal", "CAPTURE.FETCHED")]
    forged = changed(
        "PAYMENT.CAPTURE.COMPLETED", "WH-F", "2026-02-04T00:00:00Z", amount={"value": "9.00", "currency_code": "EUR"}
    )
    assert booked(mirror, [*looked, forged]) == booked(mirror, looked)
