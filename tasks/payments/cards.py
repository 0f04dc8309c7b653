"""What the payments queue's runs do with cards that expire (PAY-6)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Row

from billing.operations.expire_method import expire_method, warn_of_expiry
from billing.operations.unit import UnitOfWork
from models.base import OWN_SOURCE
from models.customer import Customer
from models.payment_method import PaymentMethod
from models.subscriber import Subscriber
from workers.paging import Paged
from workers.unit import Reference


def _references(row: Row[Any]) -> Iterator[Reference]:
    if row.subscriber_ref is not None:
        yield Subscriber.NAME, OWN_SOURCE, row.subscriber_ref
    yield Customer.NAME, row.source, row.customer_ref
    yield PaymentMethod.NAME, row.source, row.item


def _expire(unit: UnitOfWork, rows: Sequence[Row[Any]]) -> None:
    for one in rows:
        expire_method(unit, one.source, one.item, one.subscriber_ref)


def _warn(unit: UnitOfWork, rows: Sequence[Row[Any]]) -> None:
    for one in rows:
        warn_of_expiry(unit, one.source, one.item, one.subscriber_ref)


EXPIRE = Paged(
    job="expire_cards",
    due="""SELECT d.due_at, m.id, m.external_id AS item, m.source, m.customer_ref, b.external_id AS subscriber_ref
        FROM bursar.payment_method m
        CROSS JOIN LATERAL (SELECT make_timestamptz(m.exp_year::int, least(greatest(m.exp_month, 1), 12)::int, 1, 0, 0, 0, 'UTC')
                                   + interval '1 month' AS due_at) AS d
        LEFT JOIN bursar.subscriber b ON b.pay_source = m.source AND b.pay_customer_ref = m.customer_ref
        WHERE m.expired_at IS NULL AND m.detached_at IS NULL AND m.customer_ref IS NOT NULL
          AND (m.exp_year, m.exp_month) <
              (extract(year FROM %(now)s::timestamptz)::bigint, extract(month FROM %(now)s::timestamptz)::bigint)
          AND d.due_at <= %(now)s AND (d.due_at, m.id) > (%(after_at)s, %(after_id)s)
        ORDER BY d.due_at, m.id LIMIT %(page)s""",
    references=_references,
    work=_expire,
)
"""Nobody is locked by the query: a method may be of a customer who is no subscriber. Rows are locked, and looked at again, by `work`."""

WARN = Paged(
    job="warn_of_cards",
    due="""SELECT d.due_at, m.id, m.external_id AS item, m.source, m.customer_ref, b.external_id AS subscriber_ref
        FROM bursar.payment_method m
        CROSS JOIN LATERAL (SELECT make_timestamptz(m.exp_year::int, least(greatest(m.exp_month, 1), 12)::int, 1, 0, 0, 0, 'UTC')
                                   + interval '1 month' AS due_at) AS d
        JOIN bursar.customer c ON c.source = m.source AND c.external_id = m.customer_ref
        LEFT JOIN bursar.subscriber b ON b.pay_source = m.source AND b.pay_customer_ref = m.customer_ref
        WHERE m.expired_at IS NULL AND m.expiry_warned_at IS NULL AND m.detached_at IS NULL
          AND (m.external_id = c.default_payment_method_ref OR m.external_id = b.payment_method_ref)
          AND (m.exp_year, m.exp_month) >=
              (extract(year FROM %(now)s::timestamptz)::bigint, extract(month FROM %(now)s::timestamptz)::bigint)
          AND d.due_at <= %(now)s + interval '30 days' AND (d.due_at, m.id) > (%(after_at)s, %(after_id)s)
        ORDER BY d.due_at, m.id LIMIT %(page)s""",
    references=_references,
    work=_warn,
)
"""Only of what is charged: the default, or the subscriber's own choice."""
