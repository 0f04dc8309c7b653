"""What a granted fulfilment sets in motion here, by its purpose: part of the one convergence, so it happens once (PAY-1, PAY-9)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from billing.operations.settle_invoice import settle_invoice
from billing.operations.unit import UnitOfWork
from models.base import OWN_SOURCE
from models.fulfilment import Fulfilment
from models.invoice import Invoice


def deliver(unit: UnitOfWork, row: Fulfilment) -> None:
    """Do what the money was for; the rest (enrolments, registrations) is the app's, which reads the fulfilment."""
    verb = _VERBS.get(row.purpose or "")
    if verb is not None:
        verb(unit, row)


def _pay_invoice(unit: UnitOfWork, row: Fulfilment) -> None:
    invoice = unit.row(Invoice, OWN_SOURCE, row.purpose_ref or "")
    if not invoice.incomplete:
        settle_invoice(unit, invoice, paid_minor=row.amount_minor or 0, because="payment", payment_ref=row.payment_ref)


_VERBS: Mapping[str, Callable[[UnitOfWork, Fulfilment], None]] = {"invoice": _pay_invoice}
