"""Turns references into row ids: derived from the stored reference each time, so any order of facts ends the same."""

from __future__ import annotations

from billing.operations.unit import UnitOfWork
from models.base import Aggregate


def link(unit: UnitOfWork, row: Aggregate, *references: tuple[type[Aggregate], str | None]) -> None:
    """Set `<aggregate>_id` on `row` for each (model, external id); None unlinks. A missing row becomes a stub."""
    for model, external_id in references:
        found = unit.row(model, row.source, external_id).id if external_id else None
        if getattr(row, f"{model.NAME}_id") != found:
            setattr(row, f"{model.NAME}_id", found)
