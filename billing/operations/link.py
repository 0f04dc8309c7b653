"""Turns references into row ids: derived from the stored reference each time, so any order of facts ends the same."""

from __future__ import annotations

from billing.operations.unit import UnitOfWork
from models.base import AGGREGATES, Aggregate


def link(unit: UnitOfWork, row: Aggregate, **references: str | None) -> None:
    """Set `<aggregate>_id` on `row` for each `aggregate=external id`; None unlinks. A missing row becomes a stub."""
    for aggregate, external_id in references.items():
        found = unit.row(AGGREGATES[aggregate], row.source, external_id).id if external_id else None
        if getattr(row, f"{aggregate}_id") != found:
            setattr(row, f"{aggregate}_id", found)
