"""What the run `migrate_prices` does with moves of subscriptions that providers bill: tell, ask the provider in time, close (PRICE-9)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, LiteralString

from sqlalchemy import Row

from billing.operations.catalogue import offers_of, prices_of
from billing.operations.move_provider_price import ask_for_price, close_move, take_up
from billing.operations.unit import UnitOfWork
from models.base import OWN_SOURCE
from models.price_migration import PriceMove
from models.subscriber import Subscriber
from models.subscription import Subscription
from workers.context import Context
from workers.paging import Paged, work_pages
from workers.unit import Reference


def _references(row: Row[Any]) -> Iterator[Reference]:
    yield Subscriber.NAME, OWN_SOURCE, row.subscriber_ref
    yield Subscription.NAME, row.provider, row.subscription_ref
    yield PriceMove.NAME, OWN_SOURCE, row.item


def _pair(unit: UnitOfWork, one: Row[Any]) -> tuple[PriceMove, Subscription]:
    return unit.row(PriceMove, OWN_SOURCE, one.item), unit.row(Subscription, one.provider, one.subscription_ref)


def _take_up(unit: UnitOfWork, rows: Sequence[Row[Any]]) -> None:
    products = {one.product_ref for one in rows}
    offers, versions = offers_of(unit, products), {one.reference: one for one in prices_of(unit, products)}
    for one in rows:
        offer = offers.get(one.product_ref)
        take_up(unit, *_pair(unit, one), versions[one.price_ref], offer.name if offer else one.product_ref)


def _ask(unit: UnitOfWork, rows: Sequence[Row[Any]]) -> None:
    for one in rows:
        ask_for_price(unit, *_pair(unit, one), one.provider_ref, frozenset(one.named or ()))


def _close(unit: UnitOfWork, rows: Sequence[Row[Any]]) -> None:
    for one in rows:
        close_move(unit, *_pair(unit, one), agreed=one.agreed)


_MOVES: LiteralString = """
        FROM bursar.price_move m
        JOIN bursar.subscription s ON s.source = m.subscription_source AND s.external_id = m.subscription_ref
        JOIN bursar.subscriber b ON b.source = 'bursar' AND b.external_id = m.subscriber_ref
        JOIN bursar.price v ON v.source = 'bursar' AND v.external_id = m.to_price_ref
        LEFT JOIN bursar.price_link l ON l.provider = m.subscription_source AND l.price_ref = m.to_price_ref
        WHERE m.subscription_source <> 'bursar' AND (m.worked_at, m.id) > (%(after_at)s, %(after_id)s)"""
_ROW: LiteralString = """SELECT m.worked_at AS due_at, m.id, m.external_id AS item, m.subscription_source AS provider, m.subscription_ref,
               m.subscriber_ref, m.to_price_ref AS price_ref, v.product_ref, l.provider_ref,
               (SELECT p.provider_refs FROM bursar.product p WHERE p.source = 'bursar' AND p.external_id = v.product_ref) AS named"""
_NEXT: LiteralString = " ORDER BY m.worked_at, m.id LIMIT %(page)s FOR UPDATE OF b SKIP LOCKED"
_BILLED: LiteralString = "coalesce(l.provider_ref IN (s.plan_ref, s.items -> 0 ->> 'price_ref'), false)"
_IN_TIME: LiteralString = """ AND m.status = 'planned' AND m.subscription_source = 'stripe' AND l.provider_ref IS NOT NULL
          AND s.status IN ('active', 'past_due', 'trialing') AND s.cancel_at_period_end IS NOT TRUE
          AND s.current_period_end > %(now)s AND s.current_period_end <= %(now)s + interval '1 day'
          AND (m.to_minor <= m.from_minor OR EXISTS (SELECT FROM bursar.price_notice n
                   LEFT JOIN bursar.outbox o ON o.kind = 'mail.send' AND o.key = n.mail_key AND o.state = 'done'
                   WHERE n.source = 'bursar' AND n.external_id = m.subscriber_ref || ':' || m.to_price_ref
                     AND coalesce(n.delivered_at, o.done_at) + coalesce(v.notice_days, 0) * interval '1 day' <= s.current_period_end))
          AND NOT EXISTS (SELECT FROM bursar.subscription_request r
                          WHERE r.source = m.subscription_source AND r.move_ref = m.external_id AND r.status = 'pending')"""

TAKE_UP = Paged(
    job="migrate_prices",
    due=_ROW + _MOVES + """ AND m.status = 'provider_change_needed' AND m.because = 'no price of Stripe''s is linked to it'
          AND m.subscription_source = 'stripe' AND l.provider_ref IS NOT NULL AND s.status NOT IN ('cancelled', 'expired')""" + _NEXT,
    references=_references,
    work=_take_up,
)  # fmt: skip
"""Those whose version got its name at the provider after the migration had come to them."""

ASK = Paged(
    job="migrate_prices",
    due=_ROW + _MOVES + _IN_TIME + _NEXT,
    references=_references,
    work=_ask,
)  # fmt: skip
"""In the last day of a period whose end the notice is in time for."""

CLOSE = Paged(
    job="migrate_prices",
    due=_ROW + ", " + _BILLED + " AS agreed" + _MOVES + """
          AND m.status IN ('awaiting_approval', 'planned', 'provider_change_needed')
          AND (s.status IN ('cancelled', 'expired') OR """ + _BILLED + """
               OR (m.status = 'awaiting_approval' AND m.worked_at <= %(now)s - interval '90 days'))""" + _NEXT,
    references=_references,
    work=_close,
)  # fmt: skip
"""Billed so already, ended, or never agreed to."""


def follow_providers(context: Context, slot_at: datetime) -> Mapping[str, int]:
    """Take up, close, ask; how many items, and how many failed."""
    told = [work_pages(context, paged, slot_at) for paged in (TAKE_UP, CLOSE, ASK)]
    return {"items": sum(one["items"] for one in told), "failed": sum(one["failed"] for one in told)}
