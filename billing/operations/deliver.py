"""What a granted fulfilment sets in motion here, by its purpose: part of the one convergence, so it happens once (PAY-1, PAY-9)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from billing.operations.grant_package import grant_bought_package
from billing.operations.take_invoice_payment import take_invoice_payment
from billing.operations.unit import UnitOfWork
from models.fulfilment import Fulfilment


def deliver(unit: UnitOfWork, row: Fulfilment) -> None:
    """Do what the money was for; the rest (enrolments, registrations) is the app's, which reads the fulfilment."""
    verb = _VERBS.get(row.purpose or "")
    if verb is not None:
        verb(unit, row)


_VERBS: Mapping[str, Callable[[UnitOfWork, Fulfilment], None]] = {
    "invoice": take_invoice_payment,
    "credit_package": grant_bought_package,
}
