"""Rows that are ours and mirror nothing: made by a verb, under a reference of our own, so that asking again finds them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from billing.operations.unit import UnitOfWork
from models.base import Aggregate

A = TypeVar("A", bound=Aggregate)

_OWN: Mapping[str, Any] = {"own": {}}  # not empty: no stub; no fact ever merges into it


def own_row(unit: UnitOfWork, model: type[A], source: str, external_id: str) -> tuple[A, bool]:
    """The row, locked, and whether it is new: then the caller fills it, and from now on it is no stub."""
    row = unit.row(model, source, external_id)
    new = row.incomplete
    if new:
        row.versions = dict(_OWN)
        row.created_at = unit.now
    row.updated_at = max(row.updated_at, unit.now)
    return row, new
