"""An audit row's MAC outlives the way through PostgreSQL, and covers every column."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from models.audit import audit_message, id_text
from tests.factories.audit import AT, KEYS, make_row, store_rows
from tests.harness.cluster import Database

_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
_NUMBER = st.integers() | st.integers(min_value=10**18, max_value=10**40)
_JSON = st.recursive(
    st.none() | st.booleans() | _NUMBER | _TEXT,
    lambda part: st.lists(part, max_size=4) | st.dictionaries(_TEXT, part, max_size=4),
    max_leaves=12,
)


def _verifies(row: dict[str, Any]) -> bool:
    return KEYS.verify(row["key_id"], audit_message(row), row["mac"])


@pytest.mark.requirement("AUDIT-3")
def test_the_mac_holds_after_the_way_through_jsonb(database: Database) -> None:
    with database.connect() as connection:

        @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        @given(
            before=st.none() | st.dictionaries(_TEXT, _JSON, max_size=4),
            after=st.dictionaries(_TEXT, _JSON, max_size=4),
        )
        def check(before: dict[str, Any] | None, after: dict[str, Any]) -> None:
            row = make_row(before=before, after=after)
            read = connection.execute("SELECT %s::jsonb, %s::jsonb", [Jsonb(before), Jsonb(after)]).fetchone()
            assert read is not None
            assert _verifies({**row, "before": read[0], "after": read[1]})

        check()


@pytest.mark.requirement("AUDIT-2", "AUDIT-3")
def test_a_stored_row_verifies_and_says_who_why_and_what(database: Database) -> None:
    with database.connect(row_factory=dict_row) as connection:
        store_rows(connection, [make_row(before=None, inbox_id=None)])
        row = connection.execute("SELECT * FROM bursar.audit").fetchone()

    assert row is not None
    assert _verifies(row)
    assert (row["actor"], row["reason"], row["at"]) == ("provider:stripe", "customer.subscription.updated", AT)
    assert (row["before"], row["after"], row["inbox_id"]) == (None, {"status": "past_due", "amount_minor": 0}, None)


@pytest.mark.requirement("AUDIT-3")
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("uid", UUID(int=1)),
        ("at", AT + timedelta(microseconds=1)),
        ("actor", "person:else"),
        ("reason", "x"),
        ("action", "x"),
        ("object_type", "x"),
        ("object_id", "sub_1"),
        ("before", None),
        ("before", {}),
        ("after", {"status": "active", "amount_minor": 0}),
        ("inbox_id", None),
        ("inbox_id", 2),
        ("key_id", "k2"),
        ("mac", bytes(32)),
    ],
)
def test_every_column_counts(column: str, value: Any) -> None:
    row = make_row()

    assert _verifies(row)
    assert not _verifies({**row, column: value})


def test_the_zone_in_which_an_instant_is_said_does_not_count() -> None:
    row = make_row()
    elsewhere = timezone(timedelta(hours=5, minutes=30))

    assert _verifies({**row, "at": row["at"].astimezone(elsewhere)})
    assert row["at"] == datetime(2026, 3, 1, 12, 0, 0, 123_400, tzinfo=UTC)


@pytest.mark.parametrize("after", [{"x": 1.5}, {"x": {1: 2}}, {"x": AT}])
def test_what_cannot_be_proven_later_is_refused(after: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        make_row(after=after)


def test_an_id_is_written_as_everywhere() -> None:
    for one in (uuid4(), UUID(int=0), UUID(int=2**128 - 1)):
        assert id_text(one) == str(one)
