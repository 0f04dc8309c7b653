"""An object that its provider did not have shows again: what was written off of it is booked back (RECON-8)."""

from __future__ import annotations

from typing import Any

from billing.operations.book import book
from billing.operations.unit import UnitOfWork


def come_back(unit: UnitOfWork, row: Any) -> None:
    """The row is there again; called with a fact that is newer than the look-up that did not find it.

    Args:
        unit: the transaction.
        row: a booked row, locked, with `gone_at`.
    """
    before, row.gone_at = row.gone_at, None
    book(unit, row, "written_off", ())
    unit.audit(f"{row.NAME}.came_back", row.NAME, row.id, before={"gone_at": before.isoformat()}, after={"gone_at": None})
