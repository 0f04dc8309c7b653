"""What the payments queue's runs do with subscriptions: renew what is due of ours, let go of what was not paid in its grace, and end
PayPal's that are to end with their period."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, LiteralString

from sqlalchemy import Row

from billing.operations.end_with_period import SOURCE, end_access, end_at_paypal
from billing.operations.expire_renewal import expire_renewal
from billing.operations.renew_subscription import renew_subscriptions
from billing.operations.unit import UnitOfWork
from models.base import OWN_SOURCE
from models.invoice import Invoice
from models.subscriber import Subscriber
from models.subscription import Subscription
from workers.paging import Paged
from workers.unit import Reference


def _references(row: Row[Any]) -> Iterator[Reference]:
    yield Subscriber.NAME, OWN_SOURCE, row.subscriber_ref
    yield Subscription.NAME, OWN_SOURCE, row.item


def _with_invoice(row: Row[Any]) -> Iterator[Reference]:
    yield from _references(row)
    if row.latest_invoice_ref is not None:
        yield Invoice.NAME, OWN_SOURCE, row.latest_invoice_ref


def _at_paypal(row: Row[Any]) -> Iterator[Reference]:
    yield Subscriber.NAME, OWN_SOURCE, row.subscriber_ref
    yield Subscription.NAME, SOURCE, row.item


def _end(unit: UnitOfWork, rows: Sequence[Row[Any]]) -> None:
    for one in rows:
        end_at_paypal(unit, unit.row(Subscription, SOURCE, one.item))


def _end_access(unit: UnitOfWork, rows: Sequence[Row[Any]]) -> None:
    for one in rows:
        end_access(unit, unit.row(Subscription, SOURCE, one.item))


def _renew(unit: UnitOfWork, rows: Sequence[Row[Any]]) -> None:
    renew_subscriptions(unit, [one.item for one in rows])


def _expire(unit: UnitOfWork, rows: Sequence[Row[Any]]) -> None:
    for one in rows:
        expire_renewal(unit, unit.row(Subscription, OWN_SOURCE, one.item))


RENEW = Paged(
    job="renew_subscriptions",
    due="""SELECT s.next_billing_at AS due_at, s.id, s.external_id AS item, s.subscriber_ref
        FROM bursar.subscription s JOIN bursar.subscriber b ON b.source = 'bursar' AND b.external_id = s.subscriber_ref
        WHERE s.next_billing_at <= %(now)s AND s.parked_at IS NULL AND s.source = 'bursar' AND s.status IN ('active', 'past_due')
          AND (b.suspended_at IS NULL OR s.cancel_at_period_end)
          AND (s.next_billing_at, s.id) > (%(after_at)s, %(after_id)s)
        ORDER BY s.next_billing_at, s.id LIMIT %(page)s FOR UPDATE OF b, s SKIP LOCKED""",
    references=_references,
    work=_renew,
)
"""SUB-3. Subscriptions are locked, too: of one that another worker has just renewed, PostgreSQL then looks at the new row."""

EXPIRE = Paged(
    job="expire_manual_renewals",
    due="""SELECT s.grace_until AS due_at, s.id, s.external_id AS item, s.subscriber_ref, s.latest_invoice_ref
        FROM bursar.subscription s JOIN bursar.subscriber b ON b.source = 'bursar' AND b.external_id = s.subscriber_ref
        WHERE s.grace_until <= %(now)s AND s.source = 'bursar' AND s.status IN ('pending', 'pending_renewal')
          AND NOT EXISTS (SELECT FROM bursar.invoice i WHERE i.source = 'bursar' AND i.external_id = s.latest_invoice_ref
                          AND i.confirmation_since IS NOT NULL)
          AND NOT EXISTS (SELECT FROM bursar.payment_request p WHERE p.purpose = 'invoice' AND p.purpose_ref = s.latest_invoice_ref
                          AND p.status IN ('pending', 'processing'))
          AND (s.grace_until, s.id) > (%(after_at)s, %(after_id)s)
        ORDER BY s.grace_until, s.id LIMIT %(page)s FOR UPDATE OF b SKIP LOCKED""",
    references=_with_invoice,
    work=_expire,
)
"""SUB-7."""

_PAYPALS: LiteralString = """ AS due_at, s.id, s.external_id AS item, s.subscriber_ref
        FROM bursar.subscription s JOIN bursar.subscriber b ON b.source = 'bursar' AND b.external_id = s.subscriber_ref
        WHERE s.source = 'paypal' AND """

END = Paged(
    job="end_with_period",
    due="SELECT s.current_period_end" + _PAYPALS + """s.cancel_at_period_end AND s.status IN ('active', 'past_due', 'paused')
          AND s.current_period_end <= %(now)s + interval '1 day'
          AND NOT EXISTS (SELECT FROM bursar.subscription_request r WHERE r.source = s.source AND r.subscription_ref = s.external_id
                          AND r.action = 'cancel' AND (r.status = 'pending' OR r.requested_at > %(now)s - interval '6 hours'))
          AND (s.current_period_end, s.id) > (%(after_at)s, %(after_id)s)
        ORDER BY s.current_period_end, s.id LIMIT %(page)s FOR UPDATE OF b SKIP LOCKED""",  # noqa: S608 - of this file
    references=_at_paypal,
    work=_end,
)  # fmt: skip
"""SUB-6. What PayPal refused is asked for again after some hours, until the period is over."""

END_ACCESS = Paged(
    job="end_with_period",
    due="SELECT s.access_until" + _PAYPALS + """s.access_until <= %(now)s AND s.status IN ('cancelled', 'expired')
          AND (s.access_until, s.id) > (%(after_at)s, %(after_id)s)
        ORDER BY s.access_until, s.id LIMIT %(page)s FOR UPDATE OF b SKIP LOCKED""",
    references=_at_paypal,
    work=_end_access,
)  # fmt: skip
"""What was paid for is over, after PayPal ended it."""
