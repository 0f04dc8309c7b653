"""Rows are locked and written table by table in one order, in which whoever is referred to comes first."""

from __future__ import annotations

import models.aggregates  # noqa: F401  # all of them
from models.base import AGGREGATES
from tests.harness.cluster import Database

_LINKS = """SELECT child.relname, parent.relname FROM pg_constraint k JOIN pg_class child ON child.oid = k.conrelid
            JOIN pg_class parent ON parent.oid = k.confrelid WHERE k.contype = 'f' AND child.relnamespace = 'bursar'::regnamespace"""


def test_who_is_referred_to_is_written_first(database: Database) -> None:
    order = {str(model.__tablename__): model.LOCK_ORDER for model in AGGREGATES.values()}
    with database.connect() as connection:
        links = [(child, parent) for child, parent in connection.execute(_LINKS) if child in order and parent in order]
    assert links
    assert not [(child, parent) for child, parent in links if order[child] <= order[parent]]
