"""A finance person's own credit notes (INV-9)."""

from __future__ import annotations

from billing.operations.credit_document import credit, papers_of
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.commands.documents import CreditDocument, Credited
from billing.rules.paper.credit import gross
from models.base import OWN_SOURCE
from models.invoice import Invoice


def credit_by_hand(unit: UnitOfWork, command: CreditDocument) -> Credited:
    """Issue the credit note; the same reference again finds it.

    Raises:
        Rejected: `no_document`, `still_open`, `too_much`, `reference_used`.
    """
    row = unit.row(Invoice, OWN_SOURCE, command.invoice_ref)
    papers = papers_of(unit, [command.invoice_ref]).get(command.invoice_ref)
    if papers is None:
        raise Rejected("no_document", f"{command.invoice_ref} has no legal paper", {"field": "invoice_ref"})
    left = gross(papers.left)
    known = papers.notes.get(f"credit:{row.external_id}:{command.reference}")
    if known is not None:
        if command.amount_minor not in (None, known.total_minor):
            raise Rejected("reference_used", f"{command.reference} is a credit note over another amount", {"current": known.total_minor})
        return _credited(command, papers.invoice.number, known.total_minor, left, row)
    if row.status == "pending":
        raise Rejected("still_open", f"{row.external_id} waits for its money", {"current": row.status})
    amount = left if command.amount_minor is None else command.amount_minor
    if not 0 < amount <= left:
        raise Rejected("too_much", f"{left} of {row.external_id} is left to credit", {"current": amount, "limit": left})
    credit(unit, row, papers, command.reference, amount, command.reason)
    return _credited(command, papers.invoice.number, amount, left - amount, row)


def _credited(command: CreditDocument, number: str, amount: int, left: int, row: Invoice) -> Credited:
    return Credited(
        invoice_ref=command.invoice_ref, invoice_number=number, amount_minor=amount, left_minor=left, currency=row.currency or ""
    )
