"""Keeps back a paper that cannot be made yet, and lets it go when it can: money never waits for a paper (TAX-5)."""

from __future__ import annotations

from typing import Literal, cast

import structlog

from billing.operations.own_row import own_row
from billing.operations.unit import UnitOfWork
from models.base import OWN_SOURCE
from models.document_wait import DocumentWait
from models.invoice import Invoice

Cause = Literal["no_fx_rate", "no_tax_rate", "mixed_tax", "no_number"]
_RATE = "record the rate; the paper is then issued by itself within the hour"
_NEXT: dict[Cause, str] = {
    "no_fx_rate": _RATE,
    "no_tax_rate": _RATE,
    "no_number": "none: it is issued by itself within the hour",
    "mixed_tax": "docs/tax.md: void the invoice, and bill what is in the scope of VAT by one of its own",
}

log = structlog.get_logger(__name__)


def keep_back(unit: UnitOfWork, reference: str, invoice: Invoice, cause: Cause, said: str) -> None:
    """The paper waits; the run `issue_waiting_documents` tries again by itself.

    Args:
        unit: the transaction.
        reference: `invoice:<invoice>`, or `credit:<invoice>` of its credit notes.
        invoice: locked.
        cause: what is missing.
        said: for people.
    """
    row, _ = own_row(unit, DocumentWait, OWN_SOURCE, reference)
    waited, row.ended_at = row.since is not None, None
    if not waited:
        row.since = unit.now
        unit.audit("document.kept_back", DocumentWait.NAME, row.id, before=None, after={"document": reference, "cause": cause})
        told = log.info if cause == "no_number" else log.error
        told(
            "document_kept_back", document=reference, cause=cause, said=said,
            effect="the invoice stands and its money goes on; its paper waits",
            next_step=_NEXT[cause],
        )  # fmt: skip
    row.invoice_ref, row.subscriber_ref, row.cause, row.said = invoice.external_id, invoice.subscriber_ref, cause, said


def wait_for_invoice(unit: UnitOfWork, invoice: Invoice) -> None:
    """The credit notes of an invoice whose own paper is kept back wait for it; a void one never gets one.

    They also wait where it is issued in this very transaction: they name its number, which is drawn with the commit.
    """
    if invoice.status == "void":
        return
    own, name = f"invoice:{invoice.external_id}", f"credit:{invoice.external_id}"
    wait = unit.find(DocumentWait, OWN_SOURCE, [own]).get(own)
    if wait is not None and wait.ended_at is None:
        keep_back(unit, name, invoice, cast("Cause", wait.cause), "the invoice's own paper is not issued yet")
    elif any(paper.reference == own for paper in unit.papers):
        keep_back(unit, name, invoice, "no_number", "the invoice's own paper has its number from now on")


def let_go(unit: UnitOfWork, reference: str) -> bool:
    """What it waited for is there; whether it had to wait at all."""
    row = unit.find(DocumentWait, OWN_SOURCE, [reference]).get(reference)
    if row is not None and row.ended_at is None:
        unit.row(DocumentWait, OWN_SOURCE, reference).ended_at = unit.now
    return row is not None
