"""PayPal's payout items: words to statuses, money exact, what came back came back once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.payout import Payout
from providers.paypal.shapes.payout_item import masked
from tests.harness.cluster import Database
from tests.payloads import sample
from tests.tasks.mirror import Mirror, make_mirror
from tests.tasks.payments.paypal.ground import ITEM, QUEUES, changed


@pytest.fixture
def mirror(database: Database) -> Iterator[Mirror]:
    made = make_mirror(database, "paypal", QUEUES)
    yield made
    made.engine.dispose()


@pytest.mark.requirement("PAYOUT-6")
@pytest.mark.parametrize(
    ("name", "status", "back"),
    [
        ("SUCCEEDED", "paid", False),
        ("UNCLAIMED", "in_transit", False),
        ("HELD", "on_hold", False),
        ("FAILED", "failed", True),
        ("DENIED", "failed", True),
        ("BLOCKED", "failed", True),
        ("CANCELED", "cancelled", True),
        ("REFUNDED", "returned", True),
        ("RETURNED", "returned", True),
    ],
)
def test_statuses(mirror: Mirror, name: str, status: str, back: bool) -> None:
    body = sample("paypal", f"PAYMENT.PAYOUTS-ITEM.{name}")
    row = mirror.rows([body], Payout)["payout"][ITEM]
    assert (row["status"], row["failed_at"] is not None) == (status, back)
    assert (row["amount_minor"], row["fee_minor"], row["currency"]) == (25000, 35, "EUR")
    assert (row["batch_ref"], row["destination_ref"]) == ("Q8KVJG9TZTNN4", "t***@example.com")


def test_a_failure_says_why(mirror: Mirror) -> None:
    row = mirror.rows([sample("paypal", "PAYMENT.PAYOUTS-ITEM.FAILED")], Payout)["payout"][ITEM]
    assert (row["failure_code"], row["failure_message"]) == (
        "RECEIVER_ACCOUNT_LOCKED",
        "The recipient's account is locked",
    )


def test_a_return_after_success_wins_in_any_order(mirror: Mirror) -> None:
    bodies = [sample("paypal", f"PAYMENT.PAYOUTS-ITEM.{name}") for name in ("SUCCEEDED", "RETURNED")]
    for order in (bodies, bodies[::-1]):
        assert mirror.rows(order, Payout, batch=1)["payout"][ITEM]["status"] == "returned"


@pytest.mark.parametrize(
    ("receiver", "shown"),
    [("ana@example.com", "a***@example.com"), ("+40712345678", "***78"), ("", "***"), (None, None)],
)
def test_recipients_are_masked(receiver: str | None, shown: str | None) -> None:
    assert masked(receiver) == shown


_NAMES = ("SUCCEEDED", "FAILED", "DENIED", "BLOCKED", "HELD", "CANCELED", "REFUNDED", "RETURNED", "UNCLAIMED")
_EVENTS = st.builds(
    lambda name, second: changed(f"PAYMENT.PAYOUTS-ITEM.{name}", f"WH-{name}-{second}", f"2026-02-02T09:00:0{second}Z"),
    st.sampled_from(_NAMES),
    st.integers(0, 2),
)


@pytest.mark.requirement("INBOX-17", "PAYOUT-6")
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(events=st.lists(_EVENTS, min_size=2, max_size=6), data=st.data())
def test_order_changes_nothing(mirror: Mirror, events: list[bytes], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(events))
    assert mirror.rows(events, Payout) == mirror.rows(shuffled, Payout, batch=data.draw(st.integers(1, 3)))
