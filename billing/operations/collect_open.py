"""What a subscriber owes is charged once he can be charged: his invoices that were to be collected, and waited for him (PAY-10)."""

from __future__ import annotations

from collections.abc import Sequence

from billing.operations.collect_invoice import collect_invoices
from billing.operations.unit import UnitOfWork
from models.base import OWN_SOURCE
from models.invoice import Invoice
from models.subscriber import Subscriber

_OPEN = """SELECT external_id FROM bursar.invoice WHERE source = 'bursar' AND subscriber_ref = ANY (%(refs)s) AND status = 'pending'
           AND collection_method = 'automatic' AND confirmation_since IS NULL ORDER BY due_at, external_id"""


def collect_open_later(unit: UnitOfWork, subscriber_ref: str) -> None:
    """He has said how he pays; he is locked. What was asked for before is left alone: when that is tried again is dunning's."""
    unit.later(_collect, subscriber_ref)


def _collect(unit: UnitOfWork, refs: Sequence[str]) -> None:
    found = [one["external_id"] for one in unit.committed(_OPEN, {"refs": list(refs)})]
    unit.load((Invoice.NAME, OWN_SOURCE, ref) for ref in found)
    for subscriber_ref in refs:
        unit.row(Subscriber, OWN_SOURCE, subscriber_ref)
        invoices = [unit.row(Invoice, OWN_SOURCE, ref) for ref in found]
        theirs = [row for row in invoices if row.subscriber_ref == subscriber_ref and row.status == "pending"]
        if theirs:
            unit.again(subscriber_ref)
            collect_invoices(unit, theirs)
