"""What customers and operators may do with our own open invoices (INV-5, INV-7, INV-14)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from billing.operations.issue_invoice import Draft, Line, issue_invoice
from billing.operations.tax_invoice import why_untaxed
from billing.operations.unit import UnitOfWork
from billing.operations.void_invoice import void_invoice
from billing.rules.commands.base import Rejected
from billing.rules.commands.invoices import CancelInvoice, CreateInvoice, VoidInvoices
from billing.rules.tax.rates import NoRateError
from billing.rules.tax.sold_as import sold_as
from models.base import OWN_SOURCE
from models.invoice import Invoice
from models.subscriber import Subscriber

BY_CUSTOMER = "cancelled by the customer"
_UNDER_WAY = """SELECT 1 FROM bursar.payment_request WHERE purpose = 'invoice' AND purpose_ref = %(invoice)s
                AND status IN ('pending', 'processing', 'requires_action', 'succeeded', 'carried_over') LIMIT 1"""


def cancel_by_customer(unit: UnitOfWork, command: CancelInvoice) -> Invoice:
    """Void it: only his own, only pending, only a package's (INV-5). Cancelled before: the same again.

    Raises:
        Rejected: `unknown_invoice`, `not_cancellable`, `payment_under_way`.
    """
    row = unit.row(Invoice, OWN_SOURCE, command.invoice_ref)
    if row.incomplete or row.subscriber_ref != command.subscriber_ref:
        raise Rejected("unknown_invoice", f"{command.subscriber_ref} has no invoice {command.invoice_ref}", {"field": "invoice_ref"})
    if row.status == "void" and row.void_because == BY_CUSTOMER:
        return row
    if row.status != "pending" or row.invoice_type != "credit_package":
        current = {"status": row.status, "invoice_type": row.invoice_type}
        raise Rejected("not_cancellable", f"{row.external_id} is a {row.status} invoice of type {row.invoice_type}", {"current": current})
    if row.confirmation_since is not None or unit.committed(_UNDER_WAY, {"invoice": row.external_id}):
        raise Rejected("payment_under_way", f"a payment of {row.external_id} is under way", {"current": row.status})
    void_invoice(unit, row, BY_CUSTOMER)
    return row


def void_invoices(unit: UnitOfWork, command: VoidInvoices) -> tuple[int, list[str]]:
    """Void all that are open; how many, and which were final already (INV-7).

    Raises:
        Rejected: `unknown_invoice`: at least one does not exist, so none is voided.
    """
    rows = [unit.row(Invoice, OWN_SOURCE, ref) for ref in dict.fromkeys(command.invoice_refs)]
    if unknown := [row.external_id for row in rows if row.incomplete]:
        raise Rejected("unknown_invoice", f"{len(unknown)} of the invoices do not exist; none was voided", {"current": unknown})
    kept = [row.external_id for row in rows if not void_invoice(unit, row, command.reason)]
    return len(rows) - len(kept), kept


def create_custom(unit: UnitOfWork, command: CreateInvoice) -> Invoice:
    """The invoice, pending; the same command again finds it (INV-14).

    Raises:
        Rejected: `unknown_subscriber`, `reference_used`, `mixed_tax`, `no_tax_rate`.
    """
    if unit.row(Subscriber, OWN_SOURCE, command.subscriber_ref).incomplete:
        raise Rejected("unknown_subscriber", f"no subscriber {command.subscriber_ref} is defined", {"field": "subscriber_ref"})
    lines = [
        Line(
            amount_minor=int(one["amount_minor"]), description=str(one["description"]), quantity=int(one.get("quantity", 1)),
            sold_as=sold_as(_word(one, "supply"), _word(one, "tax_kind"), None),
        )
        for one in command.lines
    ]
    new = unit.row(Invoice, OWN_SOURCE, command.reference).incomplete
    try:
        row = issue_invoice(unit, Draft(
            reference=command.reference, invoice_type="custom", subscriber_ref=command.subscriber_ref, currency=command.currency,
            lines=lines, billing_reason="manual", due_at=unit.now + timedelta(days=command.due_days), collection="manual",
            reason=command.reason,
        ))  # fmt: skip
    except NoRateError as error:
        raise Rejected("no_tax_rate", str(error), {"field": "lines"}) from None
    if (row.subscriber_ref, row.invoice_type, row.lines) != (
        command.subscriber_ref, "custom", [one.as_json(number, command.currency) for number, one in enumerate(lines, 1)],
    ):  # fmt: skip
        raise Rejected("reference_used", f"{command.reference} is another invoice's reference", {"field": "reference"})
    if new and (why := why_untaxed(unit, row)):
        raise Rejected(*why, {"field": "lines"})
    return row


def _word(one: Mapping[str, str | int], name: str) -> str | None:
    return str(one[name]) if name in one else None
