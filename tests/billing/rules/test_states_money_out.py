"""The status tables of money that goes out agree with the providers' words, with the database, and with themselves."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules import states_money_out as states
from billing.rules.states_money_out import Statuses

MIGRATIONS = Path(__file__).parents[3] / "models" / "migrations" / "versions"


@pytest.mark.parametrize("table", states.ALL, ids=lambda table: str(table.of))
def test_the_database_allows_exactly_the_declared_statuses(table: Statuses) -> None:
    sql = "".join(path.read_text() for path in sorted(MIGRATIONS.glob("*.sql")))
    found = re.findall(rf"CONSTRAINT {table.of}_status_check CHECK \(status IN \(([^)]*)\)\)", sql)
    assert found, f"no CHECK names the statuses of {table.of}"
    assert set(re.findall(r"'(\w+)'", found[-1])) == set(table.order)


@pytest.mark.parametrize("table", states.ALL, ids=lambda table: str(table.of))
def test_two_statuses_never_share_a_place(table: Statuses) -> None:
    assert len(set(table.order.values())) == len(table.order)


@pytest.mark.requirement("INBOX-17")
@given(st.data())
def test_what_is_newer_by_version_is_always_a_legal_move(data: st.DataObject) -> None:
    table = data.draw(st.sampled_from(states.ALL))
    words = st.tuples(st.sampled_from(sorted(table.order)), st.integers(0, 2))
    said: Sequence[tuple[str, int]] = data.draw(st.lists(words, min_size=1, max_size=6))
    arrived = [(*table.place(status)[:1], second, table.place(status)[1], status) for status, second in said]
    newest: tuple[int, int, int, str] | None = None
    for fact in arrived:
        if newest is None or fact > newest:
            assert table.legal(newest[3] if newest else None, fact[3])
            newest = fact


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (states.REFUND, "pending requires_action succeeded failed canceled"),
        (
            states.DISPUTE,
            (
                "warning_needs_response warning_under_review warning_closed needs_response under_review "
                "appeal_needs_response appeal_under_review won lost prevented"
            ),
        ),
        (states.PAYOUT, "pending in_transit paid failed canceled"),
        (states.CREDIT_NOTE, "issued void"),
    ],
    ids=lambda value: value.of if isinstance(value, Statuses) else "",
)
def test_every_word_of_stripes_is_known(table: Statuses, words: str) -> None:
    assert states.UNKNOWN not in {table.read(word) for word in words.split()}


def test_a_new_word_of_the_provider_is_unknown_and_no_error() -> None:
    assert {table.read("reticulating") for table in states.ALL} == {states.UNKNOWN}


def test_final_statuses_never_lead_back() -> None:
    for table in states.ALL:
        final = {status for status, (phase, _) in table.order.items() if phase == 2}
        for before, after in itertools.product(final, set(table.order) - final):
            assert not table.legal(before, after), f"{table.of}: {before} -> {after}"


@pytest.mark.requirement("PAYOUT-6")
def test_a_paid_payout_may_still_fail_and_a_failed_one_is_final() -> None:
    assert states.PAYOUT.legal("paid", "failed")
    assert not states.PAYOUT.legal("failed", "paid")


@pytest.mark.requirement("REFUND-6")
def test_a_succeeded_refund_may_still_fail() -> None:
    assert states.REFUND.legal("succeeded", "failed")


@pytest.mark.requirement("DISPUTE-2")
@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("won", "won"),
        ("lost", "lost"),
        ("warning_closed", "no_loss"),
        ("prevented", "no_loss"),
        ("under_review", "open"),
        ("unknown", "open"),
        (None, "open"),
    ],
)
def test_only_a_lost_dispute_is_a_loss(status: str | None, outcome: str) -> None:
    assert states.dispute_outcome(status) == outcome


@pytest.mark.parametrize(
    ("said", "amount", "back", "status"),
    [
        (None, 1000, 0, "paid"),
        (None, 1000, None, "paid"),
        (None, 1000, 400, "partially_reversed"),
        (None, 1000, 1000, "reversed"),
        (None, None, 400, "partially_reversed"),
        ("pending", 1000, 0, "pending"),
        ("failed", 1000, 400, "failed"),
        ("canceled", 1000, 0, "cancelled"),
        ("reticulating", 1000, 0, "unknown"),
    ],
)
def test_a_transfers_status_follows_from_word_and_amounts(
    said: str | None, amount: int | None, back: int | None, status: str
) -> None:
    assert states.transfer_status(said, amount, back) == status
