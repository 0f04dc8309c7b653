"""Subscribers and subscriptions as their commands leave them, by the hundred thousand, in groups that become due one after the other."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import psycopg

PAGE = 200
_SUBSCRIBERS = """
    INSERT INTO bursar.subscriber (id, source, external_id, versions, created_at, updated_at, status, email, zone, pay_source,
        pay_customer_ref, payment_method_ref)
    SELECT gen_random_uuid(), 'bursar', 'c-' || %(group)s || '-' || lpad(n::text, 7, '0'), '{"own": {}}', %(at)s, %(at)s, 'active',
           'c' || n || '@example.com', 'UTC', 'stripe', 'cus_' || %(group)s || lpad(n::text, 7, '0'), 'pm_' || %(group)s || n
    FROM generate_series(1, %(count)s) AS n"""
_SUBSCRIPTIONS = """
    INSERT INTO bursar.subscription (id, source, external_id, versions, created_at, updated_at, status, currency, cycle_unit, cycle_count,
        quantity, current_period_start, current_period_end, started_at, cancel_at_period_end, subscriber_ref, product_ref, price_ref,
        unit_price_minor, collection, zone, anchor_at, cycle_no, next_billing_at)
    SELECT gen_random_uuid(), 'bursar', 'sub-' || %(group)s || '-' || lpad(n::text, 7, '0'), '{"own": {}}', %(at)s, %(at)s, 'active', 'EUR',
           'month', 1, 1 + n %% 3, %(at)s, %(due)s, %(at)s, false, 'c-' || %(group)s || '-' || lpad(n::text, 7, '0'), 'pro',
           'pro:1month:EUR:v1', 2000 + n %% 50, 'automatic', 'UTC', %(at)s, 0, %(due)s
    FROM generate_series(1, %(count)s) AS n ORDER BY random()"""
_CATALOGUE = """
    INSERT INTO bursar.product (id, source, external_id, versions, created_at, updated_at, status, kind, name, free, limits, credits)
    VALUES (gen_random_uuid(), 'bursar', 'pro', '{"own": {}}', %(at)s, %(at)s, 'offered', 'plan', 'Pro', false, '{}', 200)"""


def fill(owner: psycopg.Connection[Any], groups: dict[str, tuple[int, datetime, datetime]]) -> None:
    """Group -> (how many, begun at, due at)."""
    owner.execute(_CATALOGUE, {"at": min(at for _, at, _ in groups.values())})
    for name, (count, at, due) in groups.items():
        bound = {"group": name, "count": count, "at": at, "due": due}
        owner.execute(_SUBSCRIBERS, bound)
        owner.execute(_SUBSCRIPTIONS, bound)
    settle(owner)


def settle(owner: psycopg.Connection[Any]) -> None:
    """Nobody pays in his round for what another one left behind."""
    owner.execute("VACUUM ANALYZE")
    owner.execute("CHECKPOINT")
