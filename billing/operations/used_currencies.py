"""In which currencies papers are issued: those, and no others, are asked for at a central bank (TAX-5)."""

from __future__ import annotations

from datetime import timedelta

from billing.operations.unit import UnitOfWork

RECENT = timedelta(days=90)
"""For so long a currency is asked for in which a single paper had to wait for a rate."""
USED = """SELECT currency FROM bursar.price WHERE versions <> '{}'
          UNION SELECT currency FROM bursar.invoice WHERE source = 'bursar' AND status = 'pending'
          UNION SELECT i.currency FROM bursar.document_wait w JOIN bursar.invoice i ON i.source = 'bursar' AND i.external_id = w.invoice_ref
          WHERE w.cause = 'no_fx_rate' AND (w.ended_at IS NULL OR w.since >= %(recent)s)"""


def used_currencies(unit: UnitOfWork) -> list[str]:
    """Of prices, of invoices that are open, and of papers that waited for a rate lately; sorted."""
    found = {row["currency"] for row in unit.committed(USED, {"recent": unit.now - RECENT})}
    return sorted(currency for currency in found if currency)
