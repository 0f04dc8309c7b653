"""The one place where an invoice of our own becomes paid, whatever paid it; what it was for follows from that, once (INV-2).

Called by the one convergence of payments (`deliver`), by credits that cover it, and for invoices on which nothing is owed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from billing.operations.close_dunning import close_dunning_later
from billing.operations.follow_subscription_invoice import subscription_paid
from billing.operations.grant_package import grant_invoiced_package
from billing.operations.issue_document import issue_when
from billing.operations.move_own import move_own
from billing.operations.unit import UnitOfWork
from models.invoice import Invoice

OnPaid = Callable[[UnitOfWork, Invoice], None]

ON_PAID: Mapping[str, tuple[OnPaid, ...]] = {
    "subscription": (subscription_paid,),
    "proration": (subscription_paid,),
    "credit_package": (grant_invoiced_package,),
}
"""Invoice type -> what follows, in this order. Each finds what it needs by the invoice's typed references."""


def settle_invoice(unit: UnitOfWork, row: Invoice, *, paid_minor: int, because: str, payment_ref: str | None = None) -> bool:
    """Mark a locked pending invoice paid; whether it was this call that did. A second caller changes nothing.

    Args:
        unit: the transaction.
        row: the invoice.
        paid_minor: what money came for it, in minor units of its currency.
        because: `payment`, `credit` or `nothing_owed`.
        payment_ref: the payment that paid it.
    """
    if row.status != "pending":
        return False
    row.paid_at, row.payment_ref = unit.now, payment_ref
    row.amount_paid_minor, row.amount_remaining_minor = paid_minor, 0
    move_own(unit, row, "paid", because=because, paid_minor=paid_minor, currency=row.currency, payment=payment_ref)
    issue_when(unit, row, "paid")
    for follow in ON_PAID.get(row.invoice_type or "", ()):
        follow(unit, row)
    close_dunning_later(unit, row.external_id)
    return True
