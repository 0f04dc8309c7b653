"""Keeps back a paper that cannot be made yet, and lets it go when it can: money never waits for a paper (TAX-5)."""

from __future__ import annotations

import structlog

from billing.operations.foreign_tax import NoExchangeRateError
from billing.operations.own_row import own_row
from billing.operations.unit import UnitOfWork
from models.base import OWN_SOURCE
from models.document_wait import DocumentWait
from models.invoice import Invoice

log = structlog.get_logger(__name__)


def keep_back(unit: UnitOfWork, reference: str, invoice: Invoice, error: LookupError) -> None:
    """The paper waits; the run `issue_waiting_documents` tries again by itself."""
    row, _ = own_row(unit, DocumentWait, OWN_SOURCE, reference)
    cause = "no_fx_rate" if isinstance(error, NoExchangeRateError) else "no_tax_rate"
    waited, row.ended_at = row.since is not None, None
    if not waited:
        row.since = unit.now
        unit.audit("document.kept_back", DocumentWait.NAME, row.id, before=None, after={"document": reference, "cause": cause})
        log.error(
            "document_kept_back", document=reference, cause=cause, said=str(error),
            effect="the invoice stands and its money goes on; its paper waits",
            next_step="record the rate; the paper is then issued by itself within the hour",
        )  # fmt: skip
    row.invoice_ref, row.subscriber_ref, row.cause, row.said = invoice.external_id, invoice.subscriber_ref, cause, str(error)


def let_go(unit: UnitOfWork, reference: str) -> None:
    """What it waited for is there."""
    row = unit.find(DocumentWait, OWN_SOURCE, [reference]).get(reference)
    if row is not None and row.ended_at is None:
        unit.row(DocumentWait, OWN_SOURCE, reference).ended_at = unit.now
