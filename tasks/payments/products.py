"""What the payments queue's runs do when a product's names at providers changed: subscriptions that providers bill are linked anew.

Due is what would be linked otherwise than it is, so that what was done is not due any more, whoever did it. The product is read and
not locked: subscribers come first in every transaction, and a change of it in the meantime begins the work anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, LiteralString
from uuid import UUID

from sqlalchemy import Row

from billing.operations.announce_entitlements import announce_entitlements
from billing.operations.own_of import own_of
from billing.operations.unit import UnitOfWork
from models.base import OWN_SOURCE
from models.customer import Customer
from models.subscriber import Subscriber
from models.subscription import Subscription
from workers.context import Context
from workers.paging import BUDGET_S, PAGE, Paged, work_pages
from workers.unit import Reference

_SETTLED = timedelta(minutes=1)
"""So long after the change it begins, when no transaction is open that has not seen it: who comes later sees it by himself."""

_NEXT = """SELECT external_id AS product, coalesce(provider_refs, '[]') AS refs, relink_asked_at AS asked_at, relink_after AS after
           FROM bursar.product WHERE relink_asked_at <= %(before)s ORDER BY relink_asked_at, external_id LIMIT 1"""
# Not ours: they name their product themselves. Whether one is concerned is cheap to say; which product is its own, as `own_of` chooses.
_DUE: LiteralString = """FROM bursar.subscription s
        JOIN bursar.subscriber b ON b.source = 'bursar' AND b.external_id = s.subscriber_ref
        WHERE s.source <> 'bursar' AND s.id > %(start)s
          AND (s.product_ref = %(product)s OR s.plan_ref = ANY (%(refs)s)
               OR EXISTS (SELECT FROM jsonb_array_elements(s.items) AS one
                          WHERE one ->> 'price_ref' = ANY (%(refs)s) OR one ->> 'product_ref' = ANY (%(refs)s)))
          AND s.product_ref IS DISTINCT FROM (SELECT min(p.external_id) FROM bursar.product p
                WHERE p.provider_refs ? s.plan_ref OR EXISTS (SELECT FROM jsonb_array_elements(s.items) AS one
                    WHERE p.provider_refs ? (one ->> 'price_ref') OR p.provider_refs ? (one ->> 'product_ref')))"""
_PAGE: LiteralString = f"""SELECT %(asked_at)s::timestamptz AS due_at, s.id, s.source || ' ' || s.external_id AS item, s.source,
        s.external_id, s.subscriber_ref, s.customer_ref {_DUE} AND (%(asked_at)s, s.id) > (%(after_at)s, %(after_id)s)
        ORDER BY s.id LIMIT %(page)s FOR UPDATE OF b SKIP LOCKED"""
_LEFT: LiteralString = f"SELECT 1 {_DUE} LIMIT 1"
# A change in the meantime has another time, and its own work to do.
_KEEP = """UPDATE bursar.product SET relink_asked_at = %(next_at)s, relink_after = %(after)s
           WHERE source = 'bursar' AND external_id = %(product)s AND relink_asked_at = %(asked_at)s"""
_AGAIN = timedelta(hours=1)
"""When what is left, because it failed or somebody had it, is looked for anew; each look reads the whole table."""


def relink(context: Context, slot_at: datetime, *, page: int = PAGE, budget_s: float = BUDGET_S) -> Mapping[str, Any]:
    """One turn; a worker that is killed loses one page. `more`: the budget ended before the work did, or another product waits."""
    now = context.clock.now()
    with context.engine.connect() as connection:
        found = connection.exec_driver_sql(_NEXT, {"before": now - _SETTLED}).mappings().one_or_none()
    if found is None:
        return {"items": 0, "failed": 0, "more": False}
    asked = dict(found)
    start, last = asked["after"] or UUID(int=0), list[UUID]()
    bound = {"product": asked["product"], "refs": list(asked["refs"]), "asked_at": asked["asked_at"], "start": start}
    paged = Paged("relink_products", _PAGE, _references, partial(_link, last), bound)
    told = work_pages(context, paged, slot_at, page=page, budget_s=budget_s)
    with context.engine.begin() as connection:
        if told["more"]:
            next_at, after = asked["asked_at"], max(last, default=asked["after"])
        else:
            left = connection.exec_driver_sql(_LEFT, bound | {"start": UUID(int=0)}).one_or_none()
            next_at, after = (now + _AGAIN if left else None), None
        connection.exec_driver_sql(_KEEP, {**bound, "next_at": next_at, "after": after})
        others = connection.exec_driver_sql(_NEXT, {"before": now - _SETTLED}).one_or_none()
    return {"items": told["items"], "failed": told["failed"], "more": others is not None}


def _references(row: Row[Any]) -> Iterator[Reference]:
    yield Subscriber.NAME, OWN_SOURCE, row.subscriber_ref
    if row.customer_ref:
        yield Customer.NAME, row.source, row.customer_ref
    yield Subscription.NAME, row.source, row.external_id


def _link(last: list[UUID], unit: UnitOfWork, rows: Sequence[Row[Any]]) -> None:
    for row in rows:
        own_of(unit, unit.row(Subscription, row.source, row.external_id))
        announce_entitlements(unit, row.subscriber_ref)
        last.append(row.id)
