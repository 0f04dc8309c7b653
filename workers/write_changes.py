"""Writes what verbs changed in loaded rows: one statement per table, where the ORM's own flush sends one UPDATE per row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import cast

from sqlalchemy import Table
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import instance_dict, instance_state

from models.base import Aggregate
from models.bulk import update_rows


def write_changes(session: Session, rows: Iterable[Aggregate]) -> None:
    """Write the changed columns of `rows`, which are locked, table by table in lock order; the session lets go of them.

    A column that changed in one row is written for all changed rows of its table: the lock says that nobody else has.
    """
    changed: dict[type[Aggregate], list[Aggregate]] = defaultdict(list)
    names: dict[type[Aggregate], set[str]] = defaultdict(set)
    for row in rows:
        values = instance_dict(row)
        different = [name for name, old in instance_state(row).committed_state.items() if old != values[name]]
        if different:
            changed[type(row)].append(row)
            names[type(row)].update(different)
    for model in sorted(changed, key=lambda model: model.LOCK_ORDER):
        columns = [(name, model.column_of(name)) for name in ("id", *sorted(names[model]))]
        lines = [{column: values[name] for name, column in columns} for values in map(instance_dict, changed[model])]
        update_rows(session.connection(), cast("Table", model.__table__), lines)
        for row in changed[model]:
            # It is written; the ORM's flush need not look at it.
            session.expunge(row)
