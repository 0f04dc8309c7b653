"""Tells people of an invoice whose credit notes say more than went back: a refund failed after its credit note was issued (RECON-8).

An issued credit note is not taken back (INV-9), and whether the money is sent again or the difference is billed anew is a person's to
say. So it is a finding like those of reconciliation: open until the money has gone out after all, or somebody says why it may stand.
"""

from __future__ import annotations

from billing.operations.move_status import move_status
from billing.operations.own_row import own_row
from billing.operations.unit import UnitOfWork
from billing.rules.recon_kinds import KINDS, finding_ref
from billing.rules.states_recon import FINDING
from models.base import OWN_SOURCE
from models.finding import Finding
from models.invoice import Invoice

KIND = "over_credited"


def note_over_credit(unit: UnitOfWork, invoice: Invoice, credited_minor: int, refunded_minor: int, *, kind: str = KIND) -> bool:
    """Open, keep or close the finding of a locked invoice of ours; whether people are told something new.

    Args:
        unit: the transaction.
        invoice: whose refunds changed.
        credited_minor: what its credit notes for refunds come to, in the invoice's currency.
        refunded_minor: what has gone back.
        kind: another finding whose one amount is to come up to the other.
    """
    reference = finding_ref(kind, Invoice.NAME, invoice.external_id)
    known = unit.find(Finding, OWN_SOURCE, [reference]).get(reference)
    if refunded_minor >= credited_minor:
        if known is not None and known.status in ("open", "accepted"):
            _move(unit, unit.row(Finding, OWN_SOURCE, reference), "gone")
        return False
    row, new = own_row(unit, Finding, OWN_SOURCE, reference)
    amounts = (credited_minor, refunded_minor, invoice.currency)
    same = (row.ours_minor, row.theirs_minor, row.currency) == amounts and row.status in ("open", "accepted")
    row.ours_minor, row.theirs_minor, row.currency = amounts
    row.last_seen_at = unit.now
    if new:
        row.kind, row.severity, row.repair = kind, KINDS[kind].severity, KINDS[kind].repair
        row.object_type, row.object_ref, row.object_at = Invoice.NAME, invoice.external_id, unit.now
        row.detail, row.first_seen_at = {}, unit.now
    if not same:
        _move(unit, row, "open")
    return not same


def _move(unit: UnitOfWork, row: Finding, after: str) -> None:
    before, row.status = row.status, after
    row.updated_at = max(row.updated_at, unit.now)
    about = {"ours_minor": row.ours_minor, "theirs_minor": row.theirs_minor, "currency": row.currency}
    move_status(unit, row, FINDING, before, after, about)
