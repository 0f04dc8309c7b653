"""Promo codes by the clock: reservations that ran out, and counters that are counted anew (PROMO-5, CLEAN-2, RECON-5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, LiteralString

import structlog
from sqlalchemy import Connection, Row
from sqlalchemy.exc import DBAPIError

from billing.operations.count_promo_uses import mend_promo_count
from billing.operations.move_promo import customer_key, move_promo
from core.clock import monotonic_s
from models.base import OWN_SOURCE
from models.promo_redemption import PromoRedemption
from workers.context import Context
from workers.paging import Paged, work_pages
from workers.unit import Reference, Unit

log = structlog.get_logger(__name__)

_BUDGET_S = 10.0
# While a provider may be taking the money, the reservation waits for what comes of it.
_DUE = """SELECT r.expires_at AS due_at, r.id, r.external_id AS item, r.code_ref, r.campaign_ref, r.subscriber_ref
          FROM bursar.promo_redemption r
          WHERE r.status = 'reserved' AND r.expires_at <= %(now)s AND (r.expires_at, r.id) > (%(after_at)s, %(after_id)s)
            AND NOT EXISTS (SELECT FROM bursar.payment_request p WHERE r.request LIKE 'payment_request:%%' AND p.source = r.request_source
                            AND p.external_id = substr(r.request, 17) AND p.status IN ('pending', 'processing'))
            AND NOT EXISTS (SELECT FROM bursar.checkout_request c WHERE r.request LIKE 'checkout_request:%%' AND c.source = r.request_source
                            AND c.external_id = substr(r.request, 18) AND c.status IN ('pending', 'approved'))
            AND NOT EXISTS (SELECT FROM bursar.subscription s WHERE r.request LIKE 'subscription:%%' AND s.source = r.request_source
                            AND s.external_id = substr(r.request, 14) AND s.status = 'pending')
          ORDER BY r.expires_at, r.id LIMIT %(page)s"""
_DIFFERENT: Mapping[str, LiteralString] = {
    "promo_code": """
        SELECT c.external_id FROM bursar.promo_code c LEFT JOIN (SELECT code_ref, count(*) AS uses FROM bursar.promo_redemption
            WHERE status IN ('reserved', 'consumed') GROUP BY code_ref) r ON r.code_ref = c.external_id
        WHERE c.uses <> coalesce(r.uses, 0) ORDER BY c.external_id""",
    "campaign": """
        SELECT c.external_id FROM bursar.campaign c LEFT JOIN (SELECT campaign_ref, count(*) AS uses FROM bursar.promo_redemption
            WHERE status IN ('reserved', 'consumed') GROUP BY campaign_ref) r ON r.campaign_ref = c.external_id
        WHERE c.uses <> coalesce(r.uses, 0) ORDER BY c.external_id""",
    "promo_customer": """
        SELECT c.external_id FROM bursar.promo_customer c LEFT JOIN (
            SELECT campaign_ref, subscriber_ref, count(*) AS uses FROM bursar.promo_redemption
            WHERE status IN ('reserved', 'consumed') GROUP BY campaign_ref, subscriber_ref
        ) r ON r.campaign_ref = c.campaign_ref AND r.subscriber_ref = c.subscriber_ref
        WHERE c.uses <> coalesce(r.uses, 0) ORDER BY c.external_id""",
}
_COUNTED: Mapping[str, LiteralString] = {
    "promo_code": "SELECT count(*) FROM bursar.promo_redemption WHERE status IN ('reserved', 'consumed') AND code_ref = %(ref)s",
    "campaign": "SELECT count(*) FROM bursar.promo_redemption WHERE status IN ('reserved', 'consumed') AND campaign_ref = %(ref)s",
    "promo_customer": """SELECT count(*) FROM bursar.promo_redemption r JOIN bursar.promo_customer c ON c.external_id = %(ref)s
        AND c.campaign_ref = r.campaign_ref AND c.subscriber_ref = r.subscriber_ref WHERE r.status IN ('reserved', 'consumed')""",
}


def expire_reservations(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """Expire what ran out and whose money nobody is taking. Money that comes later all the same takes a use again, if one is left."""
    return work_pages(context, Paged("expire_promo_reservations", _DUE, _rows_of, _expire), slot_at)


def _rows_of(row: Row[Any]) -> Iterator[Reference]:
    yield "promo_redemption", OWN_SOURCE, row.item
    yield "promo_code", OWN_SOURCE, row.code_ref
    yield "campaign", OWN_SOURCE, row.campaign_ref
    yield "promo_customer", OWN_SOURCE, customer_key(row.campaign_ref, row.subscriber_ref)


def _expire(unit: Unit, rows: Sequence[Row[Any]]) -> None:
    for row in rows:
        redemption = unit.row(PromoRedemption, OWN_SOURCE, row.item)
        if redemption.status == "reserved" and redemption.expires_at is not None and redemption.expires_at <= unit.now:
            move_promo(unit, redemption, "expired", because="not_paid_in_time")


def recount_uses(context: Context) -> Mapping[str, Any]:
    """Mend counters that differ from their rows; each is counted once more under its lock, so that nothing that happens now is missed."""
    end, mended, over, put_back = monotonic_s() + _BUDGET_S, 0, 0, 0
    for kind, sql in _DIFFERENT.items():
        with context.engine.connect() as connection:
            found = list(connection.exec_driver_sql(sql).scalars())
        for external_id in found:
            if monotonic_s() > end:
                break
            try:
                with context.engine.begin() as connection:
                    done = _recount(connection, context, kind, external_id)
            except DBAPIError as error:
                # A lock that another has: tomorrow's slot takes it up.
                put_back += 1
                log.warning("promo_recount_put_back", kind=kind, object=external_id, error_class=type(error).__name__)
                continue
            mended, over = mended + done, over + (not done)
    return {"mended": mended, "over_limit": over, "put_back": put_back}


def _recount(connection: Connection, context: Context, kind: str, external_id: str) -> bool:
    unit = Unit(connection, context.keys, now=context.clock.now(), actor="bursar", reason="recount_promo_uses")
    unit.load([(kind, OWN_SOURCE, external_id)])
    counted = int(connection.exec_driver_sql(_COUNTED[kind], {"ref": external_id}).scalar_one())
    done = mend_promo_count(unit, kind, external_id, counted)
    unit.flush()
    return done
