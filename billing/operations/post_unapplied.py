"""Books that money which nobody asked for, and which was kept, pays for nothing yet (RECON-8)."""

from __future__ import annotations

from billing.operations.book import book
from billing.operations.unit import UnitOfWork
from billing.rules import bookings
from billing.rules.disputed import withdrawn_minor
from models.payment import Payment


def post_unapplied(unit: UnitOfWork, row: Payment) -> None:
    """Part of the one convergence: as long as an adopted payment has no purpose, what is left of it is the payer's.

    What went back, or is withdrawn, is not. Money of a connected account's own charge is that account's, not ours.
    """
    if row.adopted is None or row.currency is None or row.account_ref:
        return
    stands = row.status == "succeeded" and row.confirmed is not False and row.adopted.get("purpose") is None
    left = (row.received_minor or 0) - (row.refunded_minor or 0) - withdrawn_minor(row.disputes) if stands else 0
    book(unit, row, "unapplied", bookings.unapplied(row.source, max(0, left), row.currency))
