"""How long our own invoices wait for their money (INV-3, INV-4, INV-12)."""

from __future__ import annotations

from datetime import datetime, timedelta

REMINDER = timedelta(hours=24)
"""Before the end; an invoice that lives no longer than this gets none."""


def package_expiry(issued_at: datetime, hours: int) -> datetime:
    """When an unpaid invoice for a package of credits is void; `hours` as set, 24 to 48."""
    return issued_at + timedelta(hours=hours)


def reminder_at(issued_at: datetime, expires_at: datetime) -> datetime | None:
    """When its customer is reminded; None: never."""
    return expires_at - REMINDER if expires_at - issued_at > REMINDER else None


def resumed_expiry(expires_at: datetime, stopped_at: datetime, now: datetime) -> datetime:
    """Where the end moves when a payment that was waiting for approval came to nothing: its clock stood still meanwhile."""
    return expires_at + max(now - stopped_at, timedelta(0))


def late_reference(invoice_ref: str, payment_ref: str) -> str:
    """The reference of the invoice that is paid by money that came for one that had ended (INV-13)."""
    return f"{invoice_ref}:late:{payment_ref}"
