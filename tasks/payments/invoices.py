"""What the payments queue's runs do with our own invoices whose time has come: end them, remind of them, write them off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Row

from billing.operations.expire_invoice import expire_invoice, remind_of_invoice, write_off_stale
from billing.operations.unit import UnitOfWork
from models.base import OWN_SOURCE
from models.invoice import Invoice
from models.subscriber import Subscriber
from workers.paging import Paged
from workers.unit import Reference


def _references(row: Row[Any]) -> Iterator[Reference]:
    yield Subscriber.NAME, OWN_SOURCE, row.subscriber_ref
    yield Invoice.NAME, OWN_SOURCE, row.item


def _expire(unit: UnitOfWork, rows: Sequence[Row[Any]]) -> None:
    for one in rows:
        expire_invoice(unit, unit.row(Invoice, OWN_SOURCE, one.item))


def _remind(unit: UnitOfWork, rows: Sequence[Row[Any]]) -> None:
    for one in rows:
        remind_of_invoice(unit, unit.row(Invoice, OWN_SOURCE, one.item))


def _write_off(unit: UnitOfWork, rows: Sequence[Row[Any]]) -> None:
    for one in rows:
        write_off_stale(unit, unit.row(Invoice, OWN_SOURCE, one.item), one.after)


EXPIRE = Paged(
    job="expire_invoices",
    due="""SELECT i.expires_at AS due_at, i.id, i.external_id AS item, i.subscriber_ref
        FROM bursar.invoice i JOIN bursar.subscriber b ON b.source = 'bursar' AND b.external_id = i.subscriber_ref
        WHERE i.status = 'pending' AND i.expires_at <= %(now)s AND i.source = 'bursar' AND i.confirmation_since IS NULL
          AND (i.expires_at, i.id) > (%(after_at)s, %(after_id)s)
        ORDER BY i.expires_at, i.id LIMIT %(page)s FOR UPDATE OF b SKIP LOCKED""",
    references=_references,
    work=_expire,
)
"""INV-3."""

REMIND = Paged(
    job="remind_of_invoices",
    due="""SELECT i.expires_at AS due_at, i.id, i.external_id AS item, i.subscriber_ref
        FROM bursar.invoice i JOIN bursar.subscriber b ON b.source = 'bursar' AND b.external_id = i.subscriber_ref
        WHERE i.status = 'pending' AND i.expires_at <= %(now)s + interval '24 hours' AND i.source = 'bursar'
          AND i.expires_at > i.finalized_at + interval '24 hours' AND i.expires_at > %(now)s
          AND i.expiry_reminded_at IS NULL AND i.confirmation_since IS NULL AND (i.expires_at, i.id) > (%(after_at)s, %(after_id)s)
        ORDER BY i.expires_at, i.id LIMIT %(page)s FOR UPDATE OF b SKIP LOCKED""",
    references=_references,
    work=_remind,
)
"""INV-4."""

_STALE = Paged(
    job="write_off_stale_invoices",
    due="""SELECT i.due_at, i.id, i.external_id AS item, i.subscriber_ref, %(after)s AS after
        FROM bursar.invoice i JOIN bursar.subscriber b ON b.source = 'bursar' AND b.external_id = i.subscriber_ref
        WHERE i.source = 'bursar' AND i.status = 'pending' AND i.expires_at IS NULL AND i.invoice_type <> 'subscription'
          AND i.invoice_type <> 'proration' AND i.due_at <= %(now)s - %(after)s AND i.confirmation_since IS NULL
          AND (i.due_at, i.id) > (%(after_at)s, %(after_id)s)
        ORDER BY i.due_at, i.id LIMIT %(page)s FOR UPDATE OF b SKIP LOCKED""",
    references=_references,
    work=_write_off,
)


def stale(after: timedelta) -> Paged:
    """INV-12: what nobody has paid for so long after it was due."""
    return replace(_STALE, bound={"after": after})
