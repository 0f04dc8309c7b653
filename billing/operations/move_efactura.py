"""Changes the status of an e-Factura: only along declared moves, audited in the same transaction (TAX-3, AUDIT-1)."""

from __future__ import annotations

from typing import Any

from billing.operations.move_status import IllegalMoveError, move_status
from billing.operations.unit import UnitOfWork
from billing.rules.states_efactura import EFACTURA, EFACTURA_MOVES
from models.efactura import Efactura


def move_efactura(unit: UnitOfWork, row: Efactura, after: str, **about: Any) -> None:
    """Set and audit the status. `about` is what an auditor wants beside it.

    Raises:
        IllegalMoveError: no such move is declared; the unit is rolled back.
    """
    before = row.status
    if before == after:
        return
    if before is not None and after not in EFACTURA_MOVES[before]:
        raise IllegalMoveError(
            f"e-Factura {row.external_id} would go from {before} to {after}, which is not declared; nothing was changed; "
            "look at it: `bursar efactura show`"
        )
    row.status, row.updated_at = after, max(row.updated_at, unit.now)
    move_status(unit, row, EFACTURA, before, after, {"attempt": row.attempt, **about})
