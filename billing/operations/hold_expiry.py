"""Stops an invoice's clock while a bank transfer for it waits for a person's approval (INV-3)."""

from __future__ import annotations

from billing.operations.unit import UnitOfWork
from billing.rules.invoice_life import resumed_expiry
from models.bank_transfer import BankTransfer
from models.base import OWN_SOURCE
from models.invoice import Invoice

_OTHERS = """SELECT external_id FROM bursar.bank_transfer WHERE purpose = 'invoice' AND purpose_ref = %(invoice)s
             AND status IN ('submitted', 'pending_approval') AND external_id <> %(this)s"""


def hold_expiry(unit: UnitOfWork, transfer: BankTransfer) -> None:
    """A transfer that pays one of our invoices was handed in: the invoice neither expires nor is its customer reminded."""
    row = _invoice(unit, transfer)
    if row is not None and row.confirmation_since is None:
        row.confirmation_since = unit.now


def resume_expiry(unit: UnitOfWork, transfer: BankTransfer) -> None:
    """It came to nothing, or to a part: the invoice has as long left as when it was handed in, unless another transfer still waits."""
    row = _invoice(unit, transfer)
    if row is None or row.confirmation_since is None:
        return
    if _another_waits(unit, row, transfer):
        return
    if row.expires_at is not None:
        row.expires_at = resumed_expiry(row.expires_at, row.confirmation_since, unit.now)
    row.confirmation_since = None


def _another_waits(unit: UnitOfWork, row: Invoice, transfer: BankTransfer) -> bool:
    """As this unit leaves them: it may be deciding about several at once."""
    seen = {one.external_id: one for one in unit.known if isinstance(one, BankTransfer) and one.purpose_ref == row.external_id}
    waiting = {one["external_id"] for one in unit.committed(_OTHERS, {"invoice": row.external_id, "this": transfer.external_id})}
    mine = {ref for ref, one in seen.items() if one.purpose == "invoice" and one.status in ("submitted", "pending_approval")}
    return bool((waiting - seen.keys()) | (mine - {transfer.external_id}))


def _invoice(unit: UnitOfWork, transfer: BankTransfer) -> Invoice | None:
    if transfer.purpose != "invoice" or not transfer.purpose_ref:
        return None
    row = unit.row(Invoice, OWN_SOURCE, transfer.purpose_ref)
    return row if not row.incomplete and row.status == "pending" else None
