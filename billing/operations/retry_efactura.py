"""Sends a document that was refused once more, after its cause was mended (TAX-3)."""

from __future__ import annotations

from billing.operations.move_efactura import move_efactura
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from models.efactura import Efactura

_AGAIN = frozenset({"rejected", "refused_locally"})


def retry_efactura(unit: UnitOfWork, row: Efactura) -> None:
    """Queue another attempt.

    Raises:
        Rejected: `not_refused`: it is on its way or accepted; a second upload could make a second document there.
    """
    if row.status not in _AGAIN:
        raise Rejected(
            "not_refused", f"e-Factura {row.external_id} is {row.status}: only one that was refused is sent again", {"current": row.status}
        )
    if row.status == "rejected" or row.sha256 is not None:
        row.attempt = (row.attempt or 1) + 1
    row.next_poll_at, row.queued_at, row.polls = None, unit.now, 0
    move_efactura(unit, row, "queued")
