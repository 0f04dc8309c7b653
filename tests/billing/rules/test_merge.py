"""The merge of provider facts is pure: any order, with duplicates, ends in the same values and the same versions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.facts.base import Version
from billing.rules.merge import merge, pack

pytestmark = pytest.mark.requirement("INBOX-17")

T0 = datetime(2026, 3, 1, tzinfo=UTC)
COLUMNS = ("status", "name", "refunded_minor")
MAXIMA = frozenset({"refunded_minor"})
Told = tuple[Version, dict[str, Any]]

VERSIONS = st.builds(
    Version,
    phase=st.sampled_from((0, 1, 2)),
    at=st.integers(0, 2).map(lambda seconds: T0 + timedelta(seconds=seconds)),
    rank=st.integers(0, 1),
    event_id=st.sampled_from("abcdefgh"),
)
SAID = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(["open", "paid", None]),
        "name": st.sampled_from(["x", "y", None]),
        "refunded_minor": st.sampled_from([0, 3, 5, None]),
    },
)
HISTORIES = st.lists(st.tuples(VERSIONS, SAID), max_size=7, unique_by=lambda told: pack(told[0])[3])


def after(history: list[Told]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The row after these facts: (values, versions)."""
    row: dict[str, Any] = dict.fromkeys(COLUMNS)
    versions: dict[str, Any] = {}
    for version, said in history:
        changes, versions = merge(row, versions, said, version, MAXIMA)
        row |= changes
    return row, versions


@given(HISTORIES, st.randoms(use_true_random=False))
def test_any_order_with_duplicates_ends_in_the_same_row(history: list[Told], chance: Any) -> None:
    other = history + history[: len(history) // 2]
    chance.shuffle(other)
    assert after(other) == after(history)


@given(HISTORIES)
def test_each_field_has_the_newest_word_that_was_said_of_it(history: list[Told]) -> None:
    row, _ = after(history)
    for name in ("status", "name"):
        said = [(pack(version), fields[name]) for version, fields in history if name in fields]
        assert row[name] == (max(said, key=lambda pair: pair[0])[1] if said else None)
    amounts = [fields["refunded_minor"] for _, fields in history if fields.get("refunded_minor") is not None]
    assert row["refunded_minor"] == (max(amounts) if amounts else None)


@given(HISTORIES.filter(bool))
def test_what_was_already_said_changes_nothing(history: list[Told]) -> None:
    row, versions = after(history)
    for version, said in history:
        assert merge(row, versions, said, version, MAXIMA) == ({}, versions)


def test_a_final_state_is_not_overwritten_by_a_later_clock() -> None:
    final = Version(phase=2, at=T0, rank=0, event_id="a")
    late = Version(phase=1, at=T0 + timedelta(days=9), rank=5, event_id="z")
    assert after([(final, {"status": "paid"}), (late, {"status": "open"})])[0]["status"] == "paid"


def test_the_packed_order_is_the_order_of_versions() -> None:
    early = Version(phase=1, at=T0, rank=1, event_id="a")
    later = Version(phase=1, at=T0 + timedelta(microseconds=1), rank=0, event_id="a")
    assert early < later
    assert pack(early) < pack(later)
