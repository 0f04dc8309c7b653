"""Puts an issued document into the queue for the ministry: once, in the transaction that issues it (TAX-3)."""

from __future__ import annotations

from collections.abc import Sequence

from billing.operations.move_efactura import move_efactura
from billing.operations.unit import UnitOfWork
from models.efactura import Efactura

SOURCE = "anaf"


def queue_efactura(unit: UnitOfWork, document_ref: str) -> None:
    """Have the document sent. Asked again, for one that is known already, it changes nothing.

    The document itself is read when it is sent: it is issued, so it can no longer change.

    Args:
        unit: the transaction; all that it issues is queued at its end, by one statement.
        document_ref: the issued document's reference.
    """
    unit.later(queue_efacturas, document_ref)


def queue_efacturas(unit: UnitOfWork, document_refs: Sequence[str]) -> None:
    """The same for many, at once."""
    unit.load((Efactura.NAME, SOURCE, ref) for ref in document_refs)
    for ref in document_refs:
        row = unit.row(Efactura, SOURCE, ref)
        if row.status is not None:
            continue
        row.versions = {"own": {}}
        row.attempt, row.queued_at, row.polls = 1, unit.now, 0
        move_efactura(unit, row, "queued")
