"""What the payments queue's runs do with credits whose time has come: void what expired, begin credit months (CRED-3, CRED-5)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Row

from billing.operations.credit_ledger import account_of
from billing.operations.reset_credits import advance_credits
from billing.operations.unit import UnitOfWork
from models.base import OWN_SOURCE
from models.credit_account import CreditAccount
from models.credit_cycle import CreditCycle
from models.credit_lot import CreditLot
from models.subscriber import Subscriber
from models.subscription import Subscription
from workers.paging import Paged
from workers.unit import Reference


def _lot_references(row: Row[Any]) -> Iterator[Reference]:
    yield Subscriber.NAME, OWN_SOURCE, row.subscriber_ref
    yield CreditAccount.NAME, OWN_SOURCE, row.subscriber_ref
    yield CreditLot.NAME, OWN_SOURCE, row.item


def _expire(unit: UnitOfWork, rows: Sequence[Row[Any]]) -> None:
    for ref in {one.subscriber_ref: None for one in rows}:
        account_of(unit, ref)  # voids all of his that have expired by now


def _cycle_references(row: Row[Any]) -> Iterator[Reference]:
    yield Subscriber.NAME, OWN_SOURCE, row.subscriber_ref
    yield Subscription.NAME, row.source, row.external_id
    yield CreditAccount.NAME, OWN_SOURCE, row.subscriber_ref
    yield CreditCycle.NAME, row.source, row.external_id
    for ref in row.lots:
        yield CreditLot.NAME, OWN_SOURCE, ref


def _advance(unit: UnitOfWork, rows: Sequence[Row[Any]]) -> None:
    for one in rows:
        subscription = unit.row(Subscription, one.source, one.external_id)
        advance_credits(unit, subscription, unit.row(CreditCycle, one.source, one.external_id), unit.now)


EXPIRE = Paged(
    job="expire_credits",
    due="""SELECT l.expires_at AS due_at, l.id, l.external_id AS item, l.subscriber_ref
        FROM bursar.credit_lot l JOIN bursar.subscriber b ON b.source = 'bursar' AND b.external_id = l.subscriber_ref
        WHERE l.status = 'active' AND l.expires_at <= %(now)s AND (l.expires_at, l.id) > (%(after_at)s, %(after_id)s)
        ORDER BY l.expires_at, l.id LIMIT %(page)s FOR UPDATE OF b SKIP LOCKED""",
    references=_lot_references,
    work=_expire,
)
"""CRED-5."""

RESET = Paged(
    job="reset_credits",
    due="""SELECT c.next_reset_at AS due_at, c.id, c.source || ':' || c.external_id AS item, c.source, c.external_id, c.subscriber_ref,
               coalesce((SELECT a.open_lots FROM bursar.credit_account a
                         WHERE a.source = 'bursar' AND a.external_id = c.subscriber_ref), '[]') AS lots
        FROM bursar.credit_cycle c JOIN bursar.subscriber b ON b.source = 'bursar' AND b.external_id = c.subscriber_ref
        WHERE c.next_reset_at <= %(now)s AND NOT EXISTS (
                SELECT FROM bursar.subscription s WHERE s.source = c.source AND s.external_id = c.external_id
                AND s.status IN ('paused', 'unpaid') AND c.paid_until > %(now)s)
          AND (c.next_reset_at, c.id) > (%(after_at)s, %(after_id)s)
        ORDER BY c.next_reset_at, c.id LIMIT %(page)s FOR UPDATE OF b SKIP LOCKED""",
    references=_cycle_references,
    work=_advance,
)
"""CRED-3, of periods longer than a month and of those that were paid ahead. What is paused or suspended waits, as long as it is paid."""
