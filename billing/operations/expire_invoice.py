"""Lets our own invoices end when their time has come, and says so before and after (INV-3, INV-4, INV-12)."""

from __future__ import annotations

from datetime import timedelta

from billing.operations.tell_invoice import tell_invoice
from billing.operations.unit import UnitOfWork
from billing.operations.void_invoice import void_invoice
from billing.rules.invoice_life import reminder_at
from models.invoice import Invoice

EXPIRED, STALE = "expired", "nobody paid it"


def expire_invoice(unit: UnitOfWork, row: Invoice) -> bool:
    """Void a locked invoice whose end has come; whether it was this call that did. One that waits for approval stays."""
    if row.status != "pending" or row.expires_at is None or row.expires_at > unit.now or row.confirmation_since is not None:
        return False
    void_invoice(unit, row, EXPIRED)
    tell_invoice(unit, row, "invoice_expired")
    return True


def remind_of_invoice(unit: UnitOfWork, row: Invoice) -> bool:
    """Remind its customer, once, if the time for that has come; whether it did."""
    if row.status != "pending" or row.expires_at is None or row.finalized_at is None:
        return False
    if row.confirmation_since is not None or row.expiry_reminded_at is not None:
        return False
    at = reminder_at(row.finalized_at, row.expires_at)
    if at is None or not at <= unit.now < row.expires_at:
        return False
    row.expiry_reminded_at = unit.now
    tell_invoice(unit, row, "invoice_expiring")
    return True


def write_off_stale(unit: UnitOfWork, row: Invoice, after: timedelta) -> bool:
    """Count as uncollectible what nobody has paid for so long (INV-12); what a subscription owes is dunning's."""
    if row.status != "pending" or row.invoice_type in ("subscription", "proration"):
        return False
    if row.due_at is None or row.due_at + after > unit.now:
        return False
    if row.expires_at is not None or row.confirmation_since is not None:
        return False
    return void_invoice(unit, row, STALE, status="uncollectible")
