"""Refunds as pure rules: nothing above what is left, and parts that add up to the last unit whatever the amounts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.application_fee import application_fee
from billing.rules.refund import FeePolicy, Paid, Refusal, Shares, eligible, entry, fee_back, parts, pending_minor
from billing.rules.refund_reference import FORM, refund_reference

NOW, WINDOW = datetime(2026, 3, 1, tzinfo=UTC), timedelta(days=180)
WHOLE = {"EUR": (1, 2_000_00), "JPY": (1, 300_000), "KWD": (1, 900_000)}
"""Currency -> bounds of payments, in its minor units: of hundredths, of none, of thousandths."""


def paid(**more: Any) -> Paid:
    usual: dict[str, Any] = {
        "status": "succeeded", "confirmed": True, "paid_at": NOW - timedelta(days=3), "received_minor": 1000, "refunded_minor": 0,
        "pending_minor": 0, "withdrawn_minor": 0,
    }  # fmt: skip
    return Paid(**(usual | more))


@pytest.mark.requirement("REFUND-1")
@pytest.mark.parametrize(
    ("payment", "amount", "found"),
    [
        (paid(), None, 1000),
        (paid(), 999, 999),
        (paid(refunded_minor=400, pending_minor=100), None, 500),
        (paid(refunded_minor=400, pending_minor=100), 501, "over_refund"),
        (paid(refunded_minor=900, pending_minor=100), None, "nothing_left"),
        (paid(), 0, "amount_out_of_bounds"),
        (paid(), -1, "amount_out_of_bounds"),
        (paid(status="processing"), None, "not_refundable"),
        (paid(confirmed=False), None, "not_refundable"),
        (paid(paid_at=NOW - WINDOW - timedelta(seconds=1)), None, "too_late"),
        (paid(paid_at=NOW - WINDOW), None, 1000),
    ],
)
def test_what_may_go_back(payment: Paid, amount: int | None, found: int | str) -> None:
    said = eligible(payment, amount, NOW, WINDOW)
    assert (said.code if isinstance(said, Refusal) else said) == found


@pytest.mark.requirement("DISPUTE-4", "REFUND-1")
def test_what_a_dispute_holds_is_gone_until_it_is_given_back() -> None:
    assert paid(refunded_minor=300, withdrawn_minor=600).left_minor == 100
    held = eligible(paid(withdrawn_minor=1000), None, NOW, WINDOW)
    assert isinstance(held, Refusal)
    assert (held.code, held.current) == ("disputed", 1000)
    over = eligible(paid(withdrawn_minor=600), 500, NOW, WINDOW)
    assert isinstance(over, Refusal)
    assert (over.code, over.current, over.limit) == ("over_refund", 500, 400)


@st.composite
def trades(draw: st.DrawFn, currency: str) -> tuple[int, int, list[int]]:
    """A payment, its fee, and refunds that make it whole."""
    low, high = WHOLE[currency]
    whole = draw(st.integers(low, high))
    fee = application_fee(whole, draw(st.integers(0, 10_000)))
    left, amounts = whole, []
    for _ in range(draw(st.integers(0, 6))):
        if left:
            amounts.append(draw(st.integers(1, left)))
            left -= amounts[-1]
    return whole, fee, [*amounts, *([left] if left else [])]


@pytest.mark.requirement("REFUND-3", "REFUND-4")
@pytest.mark.parametrize("gross", [True, False])
@pytest.mark.parametrize("currency", sorted(WHOLE))
@given(data=st.data())
def test_partial_refunds_add_up_to_the_last_unit(data: st.DataObject, currency: str, gross: bool) -> None:
    whole, fee, amounts = data.draw(trades(currency))
    policy: FeePolicy = data.draw(st.sampled_from(["none", "proportional", "full"]))
    shares = Shares(whole_minor=whole, fee_minor=fee, transfer_minor=whole if gross else whole - fee, gross=gross)
    known: dict[str, Any] = {}
    back = 0
    for number, amount in enumerate(amounts):
        found = parts(shares, policy, amount, back, known)
        assert found.fee_minor >= 0
        assert found.transfer_minor >= 0
        back += amount
        known[f"r{number}"] = entry(amount, found.fee_minor, found.transfer_minor, data.draw(st.sampled_from(["pending", "made"])))
        assert sum(one["fee_minor"] for one in known.values()) == fee_back(policy, fee, back, whole)
    assert back == whole == sum(one["amount_minor"] for one in known.values())
    assert sum(one["fee_minor"] for one in known.values()) == (0 if policy == "none" else fee)
    assert sum(one["transfer_minor"] for one in known.values()) == shares.transfer_minor


@pytest.mark.requirement("REFUND-3", "REFUND-6")
@pytest.mark.parametrize("currency", sorted(WHOLE))
@given(data=st.data())
def test_with_refunds_that_fail_or_come_from_elsewhere_the_parts_still_add_up(data: st.DataObject, currency: str) -> None:
    whole, fee, amounts = data.draw(trades(currency))
    shares = Shares(whole_minor=whole, fee_minor=fee, transfer_minor=whole)
    known: dict[str, Any] = {}
    others, standing = 0, 0
    for number, amount in enumerate([*amounts, *amounts]):
        if standing + amount > whole:
            continue
        if data.draw(st.booleans()) and not others:
            others, standing = amount, standing + amount
            continue
        found = parts(shares, "proportional", amount, standing, known)
        state = data.draw(st.sampled_from(["made", "undone"]))
        known[f"r{number}"] = entry(amount, found.fee_minor, found.transfer_minor, state)
        standing += amount if state == "made" else 0
    if standing < whole:
        found = parts(shares, "proportional", whole - standing, standing, known)
        known["last"] = entry(whole - standing, found.fee_minor, found.transfer_minor, "made")
    elsewhere = fee_back("proportional", fee, others, whole)
    taken = [one for one in known.values() if one["state"] == "made"]
    if taken:
        assert sum(one["fee_minor"] for one in taken) + elsewhere == fee
        assert sum(one["transfer_minor"] for one in taken) + others == whole


def test_only_what_is_under_way_is_pending() -> None:
    known = {"a": entry(5, 0, 0, "pending"), "b": entry(7, 0, 0, "made"), "c": entry(9, 0, 0, "undone")}
    assert pending_minor(known) == 5
    assert pending_minor(None) == 0


@pytest.mark.requirement("REFUND-2")
@given(noise=st.uuids())
def test_a_reference_is_read_out_easily(noise: UUID) -> None:
    assert FORM.fullmatch(refund_reference(NOW.date(), noise))
    assert refund_reference(NOW.date(), noise).startswith("REF-20260301-")
