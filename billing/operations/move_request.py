"""Moves a row of our own to another status: set, checked and audited in one step, so that none of the three is forgotten."""

from __future__ import annotations

from typing import Any

from billing.operations.move_status import move_status
from billing.operations.unit import UnitOfWork
from billing.rules.states_money_out import Statuses
from models.base import Aggregate


def move_request(unit: UnitOfWork, row: Any, statuses: Statuses, after: str, **about: Any) -> bool:
    """Whether it moved; the same status again is no move.

    Raises:
        IllegalMoveError: the table has no such move.
    """
    assert isinstance(row, Aggregate)
    before = row.status  # type: ignore[attr-defined]  # every request has one
    if before == after:
        return False
    move_status(unit, row, statuses, before, after, about)
    row.status = after  # type: ignore[attr-defined]
    row.updated_at = max(row.updated_at, unit.now)
    return True
