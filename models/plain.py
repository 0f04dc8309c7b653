"""Rows for verbs: instances of the mapped classes in every respect but one, that their columns are ordinary attributes.

SQLAlchemy watches each attribute of its instances, so that a session can tell what changed. The unit of work compares values
instead, and nobody listens: measured, a watched attribute costs 2 us to set and 0.9 us to read, an ordinary one 0.1 us, and a renewal
does 270 of these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from types import new_class
from typing import Any, TypeVar, cast

import sqlalchemy

from models.base import Aggregate, Base

R = TypeVar("R", bound=Base)


def plain_row(model: type[R], names: Sequence[str], values: Sequence[Any]) -> R:
    """An instance of `model` with these attributes, all of its columns."""
    row: R = object.__new__(_plain(model))
    row.__dict__.update(zip(names, values, strict=True))
    return row


def blank_row(model: type[R], values: Mapping[str, Any]) -> R:
    """An instance with these attributes, and None for each of its other columns."""
    row: R = object.__new__(_plain(model))
    row.__dict__.update(_blank(model))
    row.__dict__.update(values)
    return row


def new_row(model: type[R], **values: Any) -> R:
    """An instance with these attributes; the columns that are not named are None."""
    row: R = object.__new__(_plain(model))
    row.__dict__.update(values)
    return row


def model_of(row: Base) -> type[Base]:
    """The mapped class of a row, however it was made."""
    return _MODELS.get(type(row), type(row))


_MODELS: dict[type, type[Base]] = {}


@cache
def _blank(model: type[Base]) -> dict[str, None]:
    return {attr.key: None for attr in sqlalchemy.inspect(model).column_attrs}


@cache
def _plain(model: type[R]) -> type[R]:
    """A subclass that shadows each watched attribute with an ordinary one; it is not mapped."""
    shadows: dict[str, Any] = {attr.key: None for attr in sqlalchemy.inspect(model).column_attrs}
    shadows["__module__"] = model.__module__
    if issubclass(model, Aggregate):
        # Asked of a row, these are questions about its table.
        shadows |= {"fact_columns": model.fact_columns, "column_of": model.column_of}
    made = cast("type[R]", new_class(model.__name__, (model,), {"plain": True}, lambda body: body.update(shadows)))
    _MODELS[made] = model
    return made
