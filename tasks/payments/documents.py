"""What the payments queue's run does with papers that were kept back: once what they waited for is there, they are issued (TAX-5)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Row

from billing.operations.credit_document import credit_later
from billing.operations.credit_unused_part import credit_unused_part
from billing.operations.issue_document import issue_documents
from billing.operations.unit import UnitOfWork
from models.base import OWN_SOURCE
from models.document_wait import DocumentWait
from models.invoice import Invoice
from models.subscriber import Subscriber
from workers.paging import Paged
from workers.unit import Reference


def _references(row: Row[Any]) -> Iterator[Reference]:
    yield Subscriber.NAME, OWN_SOURCE, row.subscriber_ref
    yield Invoice.NAME, OWN_SOURCE, row.invoice_ref
    yield DocumentWait.NAME, OWN_SOURCE, row.item


def _try_again(unit: UnitOfWork, rows: Sequence[Row[Any]]) -> None:
    for one in rows:
        invoice = unit.row(Invoice, OWN_SOURCE, one.invoice_ref)
        wait = unit.row(DocumentWait, OWN_SOURCE, one.item)
        wait.ended_at = unit.now  # kept back again, it is opened again
        if one.item.startswith("credit:"):
            credit_later(unit, invoice)
            if invoice.subscription_ref and invoice.period_start:
                credit_unused_part(unit, one.subscriber_ref, invoice.subscription_ref, invoice.period_start)
        else:
            unit.later(issue_documents, invoice.external_id)


WAITING = Paged(
    job="issue_waiting_documents",
    due="""SELECT w.since AS due_at, w.id, w.external_id AS item, w.subscriber_ref, w.invoice_ref
        FROM bursar.document_wait w JOIN bursar.subscriber b ON b.source = 'bursar' AND b.external_id = w.subscriber_ref
        WHERE w.ended_at IS NULL AND w.since <= %(now)s AND (w.since, w.id) > (%(after_at)s, %(after_id)s)
        ORDER BY w.since, w.id LIMIT %(page)s FOR UPDATE OF b SKIP LOCKED""",
    references=_references,
    work=_try_again,
)
