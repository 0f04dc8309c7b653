"""Business rows in the workers' hands: loaded, locked and written set by set, without the ORM's session.

Rows are instances of the mapped classes, so verbs see what queries elsewhere see. But nothing tracks what verbs do to
them: the unit keeps the values that it loaded and compares. Measured: the session's bookkeeping (identity map, state,
history, cascades) cost more than the handlers' rules.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import compress
from operator import itemgetter, ne
from typing import Any, cast

import sqlalchemy
from psycopg import sql
from psycopg.errors import UniqueViolation
from sqlalchemy import Connection, Table
from sqlalchemy.exc import IntegrityError

from models.base import Aggregate, Base
from models.bulk import append_lines, as_json, insertion, update
from models.copying import MANY, copy_rows
from models.plain import blank_row, model_of, plain_row
from models.statements import Statement, ask_in_turn
from models.together import send_in_turn

_KEY = ("source", "external_id")


@dataclass(slots=True)
class Held:
    """A locked row and the values that the database has for it; None: a stub that nobody but us knows of yet."""

    row: Aggregate
    stored: tuple[Any, ...] | None
    wanted: bool = True
    """False for a stub that only events that failed have named: it is not written."""


class StubTakenError(RuntimeError):
    """Another lane made the same row at this moment. Nothing is wrong: tried again, the unit finds that row."""


def lock(connection: Connection, wanted: Sequence[tuple[type[Aggregate], str, Collection[str]]]) -> list[dict[str, Held]]:
    """Load and lock those rows that exist, table by table as they are named, in each in the order of its external ids.

    `wanted`: (aggregate, source, external ids). What was found of each, by external id.
    """
    asked = [Statement(_select(model), {"source": source, "keys": as_json(sorted(keys))}) for model, source, keys in wanted]
    return [_held(model, result) for (model, _, _), result in zip(wanted, ask_in_turn(connection, asked), strict=True)]


def _held(model: type[Aggregate], result: Any) -> dict[str, Held]:
    names = _names(model)
    return {one.row.external_id: one for one in (Held(plain_row(model, names, values), values) for values in map(tuple, result.all()))}


def stub(model: type[Aggregate], values: Mapping[str, Any]) -> Held:
    """A row known only by reference. It is written with what verbs make of it, in one piece."""
    return Held(blank_row(model, values), None)


def write(connection: Connection, held: Iterable[Held]) -> list[Statement]:
    """Write new rows and what changed in the others: one statement each per table, in lock order, parents first.

    A column that changed in one row is written for all changed rows of its table: the lock says that nobody else has. Returns what
    is still to be sent; only where rows are many something is written at once.

    Raises:
        StubTakenError: a new row is somebody else's new row, too; the transaction must not commit. What is sent later raises it then.
    """
    statements = list[Statement]()
    new: dict[type[Aggregate], list[Held]] = defaultdict(list)
    changed: dict[type[Aggregate], list[dict[str, Any]]] = defaultdict(list)
    columns: dict[type[Aggregate], set[str]] = defaultdict(set)
    for one in held:
        model: Any = model_of(one.row)
        values = one.row.__dict__
        if one.stored is None:
            if one.wanted:
                new[model].append(one)
            continue
        now = _values(model)(values)
        if now != one.stored:
            changed[model].append(values)
            columns[model].update(compress(_names(model), map(ne, now, one.stored)))
            one.stored = now
    for model in sorted(new.keys() | changed.keys(), key=lambda model: model.LOCK_ORDER):
        if len(new[model]) >= MANY:
            send_in_turn(connection, statements)
            statements.clear()
        if new[model]:
            statements += _insert(connection, model, new[model])
        if changed[model]:
            names = ("id", *sorted(columns[model]))
            named, chosen = tuple(map(model.column_of, names)), itemgetter(*names)
            statements.append(update(_table(model), named, [chosen(values) for values in changed[model]]))
    return statements


def _insert(connection: Connection, model: type[Aggregate], new: list[Held]) -> list[Statement]:
    new.sort(key=lambda one: (one.row.source, one.row.external_id))
    names, values = tuple(column for _, column in _columns(model)), _values(model)
    lines = []
    for one in new:
        one.stored = values(one.row.__dict__)
        lines.append(one.stored)
    if len(new) >= MANY:
        try:
            copy_rows(connection, _table(model), names, lines)
        except IntegrityError as error:
            if _taken(error):
                raise StubTakenError(f"new rows of {model.NAME} were made by another worker at this moment") from error
            raise
        return []

    def all_ours(result: Any) -> None:
        if taken := len(new) - len(result.all()):
            raise StubTakenError(f"{taken} new rows of {model.NAME} were made by another worker at this moment")

    # Without waiting for an error, from which the transaction could not recover.
    return [insertion(_table(model), names, lines, once_by=_KEY, returning=("id",))._replace(then=all_ours)]


def _taken(error: IntegrityError) -> bool:
    """Whether it says that the name of a new row is another row's: each aggregate's table has this constraint."""
    named = error.orig.diag.constraint_name if isinstance(error.orig, UniqueViolation) else None
    return named is not None and named.endswith("_source_external_id_key")


def insert_new(connection: Connection, rows: Iterable[Base]) -> list[Statement]:
    """Insert rows with ids of their own, to which nothing refers: many of a table at once. Returns what is still to be sent, for few."""
    by_model: dict[type[Base], list[tuple[Any, ...]]] = defaultdict(list)
    for row in rows:
        model = model_of(row)
        by_model[model].append(tuple(map(row.__dict__.get, _names(model))))
    parts = list[Statement]()
    for model in sorted(by_model, key=lambda model: model.__name__):
        parts += append_lines(connection, _table(model), tuple(column for _, column in _columns(model)), by_model[model])
    return parts


@cache
def _columns(model: type[Base]) -> tuple[tuple[str, str], ...]:
    """(attribute, column) of a mapped class."""
    return tuple((attr.key, str(attr.columns[0].name)) for attr in sqlalchemy.inspect(model).column_attrs)


@cache
def _names(model: type[Base]) -> tuple[str, ...]:
    return tuple(name for name, _ in _columns(model))


@cache
def _values(model: type[Aggregate]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    """What takes a row's values out of its attributes, in the order of `_names`."""
    return itemgetter(*_names(model))


def _table(model: type[Base]) -> Table:
    return cast("Table", model.__table__)


@cache
def _select(model: type[Aggregate]) -> str:
    table = _table(model)
    statement = sql.SQL(
        "SELECT {} FROM {} WHERE source = {} AND external_id = ANY (ARRAY(SELECT json_array_elements_text({}::json))) "
        "ORDER BY external_id FOR UPDATE"
    )
    return statement.format(
        sql.SQL(", ").join(sql.Identifier(column) for _, column in _columns(model)),
        sql.Identifier(table.schema or "public", table.name),
        sql.Placeholder("source"),
        sql.Placeholder("keys"),
    ).as_string()
