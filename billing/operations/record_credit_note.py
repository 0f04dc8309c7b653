"""Records credit notes as the provider issued them; the invoice they lower says itself what is left of it."""

from __future__ import annotations

from billing.operations.apply_fact import apply_fact
from billing.operations.link import link
from billing.operations.move_status import move_status
from billing.operations.unit import UnitOfWork
from billing.rules.facts.credit_note import CreditNoteFact
from billing.rules.states_money_out import CREDIT_NOTE
from models.credit_note import CreditNote
from models.invoice import Invoice


def record_credit_note(unit: UnitOfWork, fact: CreditNoteFact) -> CreditNote:
    """Merge the credit note, link invoice and customer, and audit that it was issued or voided; void is final."""
    row = unit.row(CreditNote, fact.source, fact.external_id)
    before = row.status
    apply_fact(unit, row, fact)
    link(unit, row, customer=row.customer_ref, invoice=row.invoice_ref)
    about = {"number": row.number, "amount_minor": row.amount_minor, "currency": row.currency}
    move_status(unit, row, CREDIT_NOTE, before, row.status, about)
    if row.invoice_ref:
        invoice = unit.row(Invoice, row.source, row.invoice_ref)
        if row.external_id not in (invoice.credit_note_refs or []):
            invoice.credit_note_refs = sorted([*(invoice.credit_note_refs or []), row.external_id])  # REFUND-5
    return row
