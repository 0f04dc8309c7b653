"""What the payments queue's runs do with prices: tell of changes, end what was kept, move subscribers (PRICE-3, PRICE-4, PRICE-7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, LiteralString

from sqlalchemy import Row

from billing.operations.assign_price import expire_assignment
from billing.operations.catalogue import offers_of, prices_of
from billing.operations.migrate_price import OWN_ONES, PROVIDERS_ONES, finish_migration, work_moves
from billing.operations.move_request import move_request
from billing.operations.tell_price_change import tell_price_change, warn_of_end
from billing.operations.unit import UnitOfWork
from billing.rules.states_prices import PRICE_NOTICE
from models.base import OWN_SOURCE
from models.price_assignment import PriceAssignment
from models.price_migration import PriceMigration
from models.price_notice import PriceNotice
from models.subscriber import Subscriber
from models.subscription import Subscription
from tasks.payments.provider_prices import follow_providers
from workers.context import Context
from workers.paging import PAGE, Paged, work_pages
from workers.unit import Reference, Unit


def _subscription(row: Row[Any]) -> Iterator[Reference]:
    yield Subscriber.NAME, OWN_SOURCE, row.subscriber_ref
    yield Subscription.NAME, row.source, row.subscription_ref


def _assignment(row: Row[Any]) -> Iterator[Reference]:
    yield Subscriber.NAME, OWN_SOURCE, row.subscriber_ref
    yield PriceAssignment.NAME, OWN_SOURCE, row.item


def _notice(row: Row[Any]) -> Iterator[Reference]:
    yield Subscriber.NAME, OWN_SOURCE, row.subscriber_ref
    yield PriceNotice.NAME, OWN_SOURCE, row.item


def _tell(unit: UnitOfWork, rows: Sequence[Row[Any]]) -> None:
    products = {one.product_ref for one in rows}
    offers, versions = offers_of(unit, products), {one.reference: one for one in prices_of(unit, products)}
    for one in rows:
        row, version, own = unit.row(Subscription, OWN_SOURCE, one.subscription_ref), versions[one.price_ref], versions[one.own_ref]
        if row.price_ref != own.reference:
            continue
        seats, offer = row.quantity or 1, offers.get(version.product_ref)
        tell_price_change(
            unit, row, version, product=offer.name if offer else version.product_ref, from_minor=(row.unit_price_minor or 0) * seats,
            to_minor=version.unit_amount_minor * seats, changes_at=one.changes_at,
        )  # fmt: skip


def _follow(unit: UnitOfWork, rows: Sequence[Row[Any]]) -> None:
    for one in rows:
        notice = unit.row(PriceNotice, OWN_SOURCE, one.item)
        if notice.status == "delivered":
            continue
        status = "delivered" if one.state == "done" else "failed"
        if status == "delivered":
            notice.delivered_at = one.done_at
        move_request(unit, notice, PRICE_NOTICE, status, price=notice.price_ref)


def _warn(unit: UnitOfWork, rows: Sequence[Row[Any]]) -> None:
    offers = offers_of(unit, {one.product_ref for one in rows})
    for one in rows:
        row = unit.row(PriceAssignment, OWN_SOURCE, one.item)
        warn_of_end(unit, row, offers[one.product_ref].name if one.product_ref in offers else one.product_ref)


def _expire(unit: UnitOfWork, rows: Sequence[Row[Any]]) -> None:
    for one in rows:
        expire_assignment(unit, unit.row(PriceAssignment, OWN_SOURCE, one.item))


_RAISES = """SELECT v.external_id AS price_ref, v.product_ref, v.effective_for_existing_at AS begins_at, own.external_id AS own_ref
        FROM bursar.price v
        JOIN bursar.price own ON own.product_ref = v.product_ref AND own.cycle_unit = v.cycle_unit AND own.cycle_count = v.cycle_count
             AND own.currency = v.currency AND own.version < v.version AND own.unit_amount_minor < v.unit_amount_minor
        WHERE v.effective_for_existing_at <= %(now)s + make_interval(days => v.notice_days::integer + 3)
          AND EXISTS (SELECT FROM bursar.subscription s WHERE s.source = 'bursar' AND s.price_ref = own.external_id)
        ORDER BY v.effective_for_existing_at, v.external_id, own.external_id"""
"""Versions that raise somebody, each with one that he may have. They are few; who has one is paged along an index."""
# Three days are left to the mail. Who keeps a price or has an agreed one is told when that ends.
_TELL: LiteralString = """SELECT %(begins_at)s::timestamptz AS due_at, s.id, s.external_id || ' ' || v.external_id AS item, s.source,
               s.external_id AS subscription_ref, s.subscriber_ref, v.product_ref, v.external_id AS price_ref, %(own_ref)s AS own_ref,
               c.changes_at
        FROM bursar.subscription s
        JOIN bursar.price v ON v.source = 'bursar' AND v.external_id = %(price_ref)s
        JOIN bursar.subscriber b ON b.source = 'bursar' AND b.external_id = s.subscriber_ref
        CROSS JOIN LATERAL (SELECT greatest(v.effective_for_existing_at, s.next_billing_at) AS changes_at) AS c
        WHERE s.source = 'bursar' AND s.price_ref = %(own_ref)s
          AND s.status IN ('active', 'past_due', 'pending_renewal', 'paused') AND s.next_billing_at IS NOT NULL
          AND s.cancel_at_period_end IS NOT TRUE AND c.changes_at - make_interval(days => v.notice_days::integer + 3) <= %(now)s
          AND NOT EXISTS (SELECT FROM bursar.price_notice n WHERE n.source = 'bursar'
                          AND n.external_id = s.subscriber_ref || ':' || v.external_id AND (n.status <> 'no_address' OR b.email IS NULL))
          AND NOT EXISTS (SELECT FROM bursar.price_assignment a WHERE a.status = 'active' AND a.subscriber_ref = s.subscriber_ref
                          AND a.product_ref = s.product_ref AND a.cycle_unit = s.cycle_unit AND a.cycle_count = s.cycle_count
                          AND a.currency = s.currency AND (a.expires_at IS NULL OR a.warned_at IS NULL
                              OR greatest(a.expires_at, a.warned_at + interval '30 days') > c.changes_at))
          AND (%(begins_at)s, s.id) > (%(after_at)s, %(after_id)s)
        ORDER BY s.id LIMIT %(page)s FOR UPDATE OF b SKIP LOCKED"""
"""PRICE-3."""

FOLLOW = Paged(
    job="tell_price_changes",
    due="""SELECT n.asked_at AS due_at, n.id, n.external_id AS item, n.subscriber_ref, o.state, o.done_at
        FROM bursar.price_notice n JOIN bursar.subscriber b ON b.source = 'bursar' AND b.external_id = n.subscriber_ref
        JOIN LATERAL (SELECT sent.done_at, CASE WHEN coalesce(sent.result ->> 'not_sent', 'sent') = 'sent' THEN sent.state ELSE 'dead' END
                      FROM bursar.outbox sent WHERE sent.kind = 'mail.send' AND sent.key = n.mail_key) AS o (done_at, state) ON true
        WHERE n.asked_at <= %(now)s AND (n.status IN ('asked', 'failed') AND o.state = 'done' OR n.status = 'asked' AND o.state = 'dead')
          AND (n.asked_at, n.id) > (%(after_at)s, %(after_id)s)
        ORDER BY n.asked_at, n.id LIMIT %(page)s FOR UPDATE OF b SKIP LOCKED""",
    references=_notice,
    work=_follow,
)
"""What became of the mails."""

WARN = Paged(
    job="end_kept_prices",
    due="""SELECT a.expires_at AS due_at, a.id, a.external_id AS item, a.subscriber_ref, a.product_ref
        FROM bursar.price_assignment a JOIN bursar.subscriber b ON b.source = 'bursar' AND b.external_id = a.subscriber_ref
        WHERE a.status = 'active' AND a.expires_at <= %(now)s + interval '30 days' AND a.warned_at IS NULL AND b.email IS NOT NULL
          AND (a.expires_at, a.id) > (%(after_at)s, %(after_id)s)
        ORDER BY a.expires_at, a.id LIMIT %(page)s FOR UPDATE OF b SKIP LOCKED""",
    references=_assignment,
    work=_warn,
)
"""PRICE-7."""

EXPIRE = Paged(
    job="end_kept_prices",
    due="""SELECT a.expires_at AS due_at, a.id, a.external_id AS item, a.subscriber_ref
        FROM bursar.price_assignment a JOIN bursar.subscriber b ON b.source = 'bursar' AND b.external_id = a.subscriber_ref
        WHERE a.status = 'active' AND a.expires_at <= %(now)s AND a.warned_at <= %(now)s - interval '30 days'
          AND (a.expires_at, a.id) > (%(after_at)s, %(after_id)s)
        ORDER BY a.expires_at, a.id LIMIT %(page)s FOR UPDATE OF b SKIP LOCKED""",
    references=_assignment,
    work=_expire,
)

_RUNNING = """SELECT external_id AS reference, mode, from_price_ref AS from_price, to_price_ref AS to_price, rate_per_minute AS rate,
                     requested_at
              FROM bursar.price_migration WHERE status = 'running' ORDER BY requested_at, external_id"""
_LEFT: LiteralString = """FROM bursar.price v JOIN bursar.subscription s ON {which}
        JOIN bursar.subscriber b ON b.source = 'bursar' AND b.external_id = s.subscriber_ref
        WHERE v.source = 'bursar' AND v.external_id = %(from_price)s AND EXISTS (SELECT FROM bursar.price_migration g
                  WHERE g.source = 'bursar' AND g.external_id = %(reference)s AND g.status = 'running')
          AND NOT EXISTS (SELECT FROM bursar.price_move m WHERE m.source = 'bursar'
                          AND m.external_id = %(reference)s || ':' || s.source || ':' || s.external_id)"""
_COUNT_LEFT: LiteralString = "SELECT count(*) {left}"
_WHICH: Mapping[str, LiteralString] = {"own": OWN_ONES, "providers": PROVIDERS_ONES}
# The rate counts what was worked within a minute, so that it holds over runs, kills and resumes.
_PAGE_OF: LiteralString = """SELECT %(requested_at)s::timestamptz AS due_at, s.id, s.source || ':' || s.external_id AS item, s.source,
               s.external_id AS subscription_ref, s.subscriber_ref, v.product_ref
        {left} AND (%(requested_at)s, s.id) > (%(after_at)s, %(after_id)s)
        ORDER BY s.id LIMIT greatest(0, least(%(page)s, %(rate)s - (SELECT count(*) FROM bursar.price_move m
            WHERE m.migration_ref = %(reference)s AND m.worked_at > %(now)s - interval '1 minute'))) FOR UPDATE OF b SKIP LOCKED"""


def tell(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """Tell of raises in time, and keep which mails went out."""
    with context.engine.connect() as connection:
        raises = [dict(row) for row in connection.exec_driver_sql(_RAISES, {"now": context.clock.now()}).mappings()]
    items = failed = 0
    more = False
    for one in raises:
        told = work_pages(context, Paged("tell_price_changes", _TELL, _subscription, _tell, one), slot_at)
        items, failed, more = items + told["items"], failed + told["failed"], more or told["more"]
    followed = work_pages(context, FOLLOW, slot_at)
    failed, more = failed + followed["failed"], more or followed["more"]
    return {"items": items, "failed": failed, "followed": followed["items"], "more": more, **({"shared": True} if more else {})}


def end_kept(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """Tell of the end of kept prices, and end what was told of 30 days ago."""
    told, ended = work_pages(context, WARN, slot_at), work_pages(context, EXPIRE, slot_at)
    return {**told, "ended": ended["items"], "failed": told["failed"] + ended["failed"], "more": told["more"] or ended["more"]}


def migrate(context: Context, slot_at: datetime, *, page: int = PAGE) -> Mapping[str, Any]:
    """Work the running migrations, at their rates; close those of which nothing is left."""
    with context.engine.connect() as connection:
        running = [dict(row) for row in connection.exec_driver_sql(_RUNNING).mappings()]
    items = failed = done = 0
    for one in running:
        for which in _WHICH.values():
            left = _LEFT.format(which=which)
            paged = Paged("migrate_prices", _PAGE_OF.format(left=left), _subscription, partial(_move, one), one)
            told = work_pages(context, paged, slot_at, page=page)
            items, failed = items + told["items"], failed + told["failed"]
        done += _finish(context, one)
    theirs = follow_providers(context, slot_at)
    items, failed = items + theirs["items"], failed + theirs["failed"]
    return {"items": items, "failed": failed, "done": done, "more": False}


def _move(migration: Mapping[str, Any], unit: UnitOfWork, rows: Sequence[Row[Any]]) -> None:
    names = {name: offer.name for name, offer in offers_of(unit, {one.product_ref for one in rows}).items()}
    work_moves(unit, migration, names, [(one.source, one.subscription_ref) for one in rows])


def _finish(context: Context, migration: Mapping[str, Any]) -> bool:
    with context.engine.begin() as connection:
        unit = Unit(connection, context.keys, now=context.clock.now(), actor="bursar", reason="migrate_prices")
        unit.load([(PriceMigration.NAME, OWN_SOURCE, migration["reference"])])
        left = 0
        for which in _WHICH.values():
            left += int(connection.exec_driver_sql(_COUNT_LEFT.format(left=_LEFT.format(which=which)), dict(migration)).scalar_one())
        ended = finish_migration(unit, migration["reference"], left)
        unit.flush()
    return ended
