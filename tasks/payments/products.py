"""What the payments queue's runs do when a product's names at providers changed: subscriptions that providers bill are linked anew."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from billing.operations.announce_entitlements import announce_entitlements
from billing.operations.own_of import own_of
from core.clock import monotonic_s
from models.base import OWN_SOURCE
from models.customer import Customer
from models.subscriber import Subscriber
from models.subscription import Subscription
from workers.context import Context
from workers.unit import Unit

PAGE = 2_000
_BUDGET_S = 10.0
_SETTLED = timedelta(minutes=1)
"""So long after the change it begins, when no transaction is open that has not seen it: who comes later sees it by himself."""

_NEXT = """SELECT external_id, provider_refs, relink_asked_at, relink_after FROM bursar.product
           WHERE relink_asked_at <= %(before)s ORDER BY relink_asked_at, external_id LIMIT 1 FOR UPDATE SKIP LOCKED"""
# A page of the table by its key, and of it those that are for the product or may be from now on. Not ours: they name it themselves.
_PAGE = """SELECT s.id, s.source, s.external_id, s.subscriber_ref, s.customer_ref,
                  s.source <> 'bursar' AND s.subscriber_ref IS NOT NULL AND (s.product_ref = %(product)s OR s.plan_ref = ANY (%(refs)s)
                  OR EXISTS (SELECT 1 FROM jsonb_array_elements(s.items) AS one
                             WHERE one ->> 'price_ref' = ANY (%(refs)s) OR one ->> 'product_ref' = ANY (%(refs)s))) AS concerned
           FROM bursar.subscription s WHERE s.id > %(after)s ORDER BY s.id LIMIT %(page)s"""
_FAR = "UPDATE bursar.product SET relink_after = %(after)s WHERE source = 'bursar' AND external_id = %(product)s"
_DONE = """UPDATE bursar.product SET relink_asked_at = NULL, relink_after = NULL
           WHERE source = 'bursar' AND external_id = %(product)s"""


def relink(context: Context, *, page: int = PAGE, budget_s: float = _BUDGET_S) -> Mapping[str, Any]:
    """One turn; a worker that is killed loses one page. `more`: the budget ended before the work did."""
    end, items = monotonic_s() + budget_s, 0
    while True:
        found = _one_page(context, page)
        if found is None:
            return {"items": items, "failed": 0, "more": False}
        items += found
        if monotonic_s() > end:
            return {"items": items, "failed": 0, "more": True}


def _one_page(context: Context, page: int) -> int | None:
    """How many subscriptions were linked anew; None: no product waits."""
    now = context.clock.now()
    with context.engine.begin() as connection:
        asked = connection.exec_driver_sql(_NEXT, {"before": now - _SETTLED}).one_or_none()
        if asked is None:
            return None
        product, refs, _, after = asked
        bound = {"product": product, "refs": list(refs or ()), "after": after or UUID(int=0), "page": page}
        rows = connection.exec_driver_sql(_PAGE, bound).all()
        concerned = [row for row in rows if row.concerned]
        _link(Unit(connection, context.keys, now=now, actor="bursar", reason=f"relink_products {product}"), concerned)
        if len(rows) < page:
            connection.exec_driver_sql(_DONE, {"product": product})
        else:
            connection.exec_driver_sql(_FAR, {"product": product, "after": rows[-1].id})
    return len(concerned)


def _link(unit: Unit, concerned: list[Row[Any]]) -> None:
    named = [(Subscriber.NAME, OWN_SOURCE, row.subscriber_ref) for row in concerned]
    named += [(Customer.NAME, row.source, row.customer_ref) for row in concerned if row.customer_ref]
    unit.load(named + [(Subscription.NAME, row.source, row.external_id) for row in concerned])
    for row in concerned:
        own_of(unit, unit.row(Subscription, row.source, row.external_id))
        announce_entitlements(unit, row.subscriber_ref)
    unit.flush()
