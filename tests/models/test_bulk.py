"""Rows that travel as one JSON text arrive exactly as they were: instants, ids, bytes, nulls, JSON within JSON, odd texts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg.errors import UniqueViolation
from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from models.audit import AUDIT
from models.base import Base
from models.bulk import _TYPES, _update, insert_rows, lines_of, update
from models.copying import MANY
from models.customer import Customer
from models.database import make_engine
from models.outbox import OUTBOX
from models.together import send_in_turn
from tests.harness.cluster import Database

AT = datetime(2026, 2, 28, 23, 59, 59, 999_999, tzinfo=UTC)
TEXTS = (
    "", "null", "\\N", "\\.", "a\n\\.\nb", "]\n[", '"', '""', "\\", '\\"', "\\n", "\\\n", "\r\n\t\b\f\x01\x1f\x7f", ",", "{}", " a ",
    "é\u2028", *map(str, range(MANY)),
)  # fmt: skip
ODD = 'a "quoted" \\x back\nslash, {braces}, %s, \u2028 \U0001f9fe é'


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    engine = make_engine(database.url)
    with engine.connect() as opened:
        yield opened
    engine.dispose()


def audit_like(**changes: Any) -> dict[str, Any]:
    return {
        "uid": uuid4(), "at": AT, "actor": ODD, "reason": "r", "action": "a", "object_type": "t", "object_id": "1",
        "before": None, "after": {"n": 2**62, "big": 10**30, "none": None, "text": ODD, "list": [1, {"a": True}]},
        "inbox_id": 2**40, "key_id": "k", "mac": bytes(range(32)), **changes,
    }  # fmt: skip


@pytest.mark.parametrize("more", [0, MANY], ids=["few, as JSON", "many, by COPY"])
def test_new_rows_arrive_as_they_were(connection: Connection, more: int) -> None:
    rows = [audit_like(), audit_like(before={}, after=None, inbox_id=None), *(audit_like() for _ in range(more))]
    insert_rows(connection, AUDIT, rows)

    names = [name for name in rows[0] if name not in ("id", "after")]
    found = connection.execute(select(AUDIT).order_by(AUDIT.c.id)).mappings().all()
    for row, stored in zip(rows, found, strict=True):
        assert {name: stored[name] for name in names} == {name: row[name] for name in names}
        assert stored["after"] == row["after"]
    assert connection.execute(select(AUDIT.c.id).where(AUDIT.c.after.is_(None))).scalars().all() == [found[1]["id"]], (
        "None in a JSON column is SQL's null, not JSON's"
    )


def test_texts_of_all_kinds_arrive_by_copy(connection: Connection) -> None:
    table: Any = Customer.__table__
    told: list[dict[str, Any]] = [
        {"id": uuid4(), "source": "stripe", "external_id": str(number), "versions": {text: [text]}, "created_at": AT, "updated_at": AT,
         "name": text, "balance_minor": number or None, "deleted_at": AT if number % 2 else None}
        for number, text in enumerate(TEXTS)
    ]  # fmt: skip
    insert_rows(connection, table, told)

    stored = {row["id"]: row for row in connection.execute(select(table)).mappings()}
    for row in told:
        assert {name: stored[row["id"]][name] for name in row} == row


def test_many_rows_of_which_one_is_there_are_refused_as_a_whole(connection: Connection) -> None:
    rows = [audit_like() for _ in range(MANY)]
    insert_rows(connection, AUDIT, rows[-1:])

    with pytest.raises(IntegrityError) as refused:
        insert_rows(connection, AUDIT, rows)
    assert isinstance(refused.value.orig, UniqueViolation)
    connection.rollback()
    insert_rows(connection, AUDIT, rows)
    assert len(connection.execute(select(AUDIT.c.id)).all()) == MANY


def test_a_float_is_refused_however_many_rows_there_are(connection: Connection) -> None:
    for count in (1, MANY):
        with pytest.raises(TypeError, match="float"):
            insert_rows(connection, AUDIT, [audit_like(inbox_id=1.5)] * count)


def test_changed_rows_and_no_others_are_changed(connection: Connection) -> None:
    table: Any = Customer.__table__
    ids = [uuid4() for _ in range(3)]
    rows = [
        {"id": one, "source": "stripe", "external_id": str(one), "versions": {}, "created_at": AT, "updated_at": AT}
        for one in ids
    ]
    insert_rows(connection, table, rows)
    changes: list[dict[str, Any]] = [
        {"id": ids[0], "name": ODD, "balance_minor": -5, "deleted_at": AT, "versions": {"": [1, 2, 3, "evt"]}},
        {"id": ids[1], "name": None, "balance_minor": 2**62, "deleted_at": None, "versions": {}},
    ]
    send_in_turn(connection, [update(table, *lines_of(changes))])

    for change in (*changes, {"id": ids[2], "name": None, "balance_minor": None, "deleted_at": None, "versions": {}}):
        stored = connection.execute(select(table).where(table.c.id == change["id"])).mappings().one()
        assert {name: stored[name] for name in change} == change


def test_few_rows_of_a_large_table_are_found_by_their_keys(connection: Connection, database: Database) -> None:
    table: Any = Customer.__table__
    made = [
        {"id": uuid4(), "source": "stripe", "external_id": str(number), "versions": {}, "created_at": AT, "updated_at": AT}
        for number in range(400)
    ]  # fmt: skip
    insert_rows(connection, table, made)
    connection.commit()
    with database.connect() as owner:
        owner.execute("ANALYZE bursar.customer")
    for setting in ("plan_cache_mode = force_generic_plan", "enable_seqscan = off"):
        connection.exec_driver_sql(f"SET LOCAL {setting}")
    connection.exec_driver_sql(f"PREPARE change AS {_update(table, ('id', 'name')).replace('%(rows)s', '$1')}")
    plan = "\n".join(connection.exec_driver_sql("EXPLAIN EXECUTE change ('[]')").scalars())
    assert "Nested Loop" in plan, plan
    assert "Index Cond: (id = new.id)" in plan, plan


def test_what_is_there_already_is_left_out(connection: Connection) -> None:
    row: dict[str, Any] = {
        "kind": "mail.send", "key": "k", "queue": "notifications", "lane": "l", "payload": {}, "inbox_id": None,
        "created_at": AT, "fair_at": AT, "next_at": AT,
    }  # fmt: skip
    connection.execute(insert(OUTBOX).values(row))
    made = insert_rows(
        connection, OUTBOX, [row, {**row, "key": "k2"}], once_by=("kind", "key"), returning=("key", "queue")
    )

    assert [tuple(one) for one in made] == [("k2", "notifications")]


def test_every_column_of_every_table_can_travel() -> None:
    known = tuple(kind for kind, _ in _TYPES)
    unknown = [
        str(column)
        for table in Base.metadata.tables.values()
        for column in table.c
        if not isinstance(column.type, known)
    ]

    assert not unknown


@pytest.mark.parametrize("value", [1.5 + 2j, float("nan"), object()])
def test_what_has_no_text_is_refused(value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        update(Customer.__table__, ("id", "name"), [(UUID(int=0), value)])  # type: ignore[arg-type]
