"""`bursar explain` reads along indexes only: at 3 am nobody waits for ten million rows."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from cli.explain import chain, own
from models.base import AGGREGATES
from tests.harness.cluster import Database

VALUES: dict[str, Any] = {
    "sources": ["stripe"], "text": "x", "number": 1, "kind": "payment", "id": "x", "ids": [1, 2], "most": 10, "fact": "charge:stripe:ch_1",
    "source": "stripe", "key": "x", "ref": "x", "some": 12, "currency": "EUR", "keys": ["x"], "papers": [UUID(int=7)],
}  # fmt: skip


def statements() -> Iterator[tuple[str, dict[str, Any]]]:
    """All that it may ask."""
    for module in (importlib.import_module("cli.explain.find"), chain, own):
        for name, sql in vars(module).items():
            if name.startswith("_") and isinstance(sql, str) and "SELECT" in sql:
                # Calls and money's entries are found by the row's own id, which is a uuid.
                yield sql, VALUES | ({"id": UUID(int=7)} if "request_id" in sql or "credit_id =" in sql else {})
    for kind in AGGREGATES:
        yield f"SELECT * FROM bursar.{AGGREGATES[kind].__tablename__} WHERE source = %(source)s AND external_id = %(text)s", VALUES
    for beside in own.CHILDREN.values():
        yield from ((own.child_sql(child, where), VALUES) for child, where in beside if child in AGGREGATES)
    for children in chain.BACKWARD.values():
        for child, column in children:
            where = f"{column} = %(value)s" if column.endswith("_id") else f"source = %(source)s AND {column} = %(value)s"
            value: Any = UUID(int=7) if column.endswith("_id") else "x"
            yield f"SELECT * FROM bursar.{AGGREGATES[child].__tablename__} WHERE {where}", VALUES | {"value": value}


@pytest.mark.requirement("INBOX-5")
def test_every_statement_is_served_by_an_index(database: Database) -> None:
    scanned, asked = [], 0
    with database.connect() as connection:
        connection.execute("SET enable_seqscan = off")
        for sql, bound in statements():
            plan = "\n".join(row[0] for row in connection.execute(f"EXPLAIN {sql}", bound))
            asked += 1
            if "Seq Scan" in plan:
                scanned.append(sql)
    assert scanned == []
    assert asked > len(AGGREGATES) + 8


def test_a_statement_without_an_index_would_be_seen(database: Database) -> None:
    with database.connect() as connection:
        connection.execute("SET enable_seqscan = off")
        plan: list[Any] = connection.execute("EXPLAIN SELECT * FROM bursar.payment WHERE decline_code = 'x'").fetchall()
    assert "Seq Scan" in str(plan)
