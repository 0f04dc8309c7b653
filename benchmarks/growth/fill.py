"""Fills the migrated schema with years of work in minutes, by statements that make whole tables at a time.

As it would lie there after more than a year: ids and times rise together, nearly everything is done, a tenth is
ignored, a few are dead of a dozen causes, some hundreds wait for their next try. Bodies are narrow (some 100 bytes where
Stripe's have 2,600): disk and minutes are saved, indexes and row counts are those of the real thing.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg import sql

from models.migrate import migrate, months

DAYS = 460
"""From the first event to the last: two months more than payloads are kept, so that the oldest are due to go. A fifth of all rows lies
in the first whole month, so that at ten million there is a month of millions."""
_BIG = ("inbox", "inbox_payload", "audit", "audit_seal", "outbox")
_ALSO = ("customer", "payment", "inbox_conflict", "transmission")

_TIME = """CASE WHEN i <= %(rows)s / 5 THEN %(month)s::timestamptz + (i - 1) * (interval '28 days' / (%(rows)s / 5))
                ELSE %(month)s::timestamptz + interval '29 days'
                     + (i - %(rows)s / 5) * ((%(now)s::timestamptz - %(month)s::timestamptz - interval '29 days') / %(rows)s * 5 / 4) END"""

_INBOX = f"""
    INSERT INTO bursar.inbox (source, event_id, event_type, object_id, lane, queue, state, ignored_reason, sha256, livemode,
                              api_version, occurred_at, received_at, fair_at, next_at, ready_at, attempts, error_class, error,
                              fingerprint, handler_version, started_at, done_at)
    SELECT kind.source, kind.prefix || lpad(i::text, 20, '0'),
           CASE shape.state WHEN 'ignored' THEN 'bench.ignored' ELSE kind.event_type END, 'obj_' || lpad((i / 3)::text, 20, '0'),
           kind.source || ':cus_' || i %% (%(rows)s / 30 + 1), kind.queue, shape.state,
           CASE shape.state WHEN 'ignored' THEN 'nothing of ours follows from it' END, sha256(int8send(i)), false, '2025-03-31.basil',
           shape.at, shape.at, shape.at, CASE shape.state WHEN 'waiting' THEN %(now)s::timestamptz + interval '5 hours' ELSE shape.at END,
           shape.at, CASE shape.state WHEN 'dead' THEN 6 WHEN 'waiting' THEN 5 ELSE 0 END,
           CASE WHEN shape.bad THEN 'ValueError' END, CASE WHEN shape.bad THEN 'the amount is no number, kind ' || i %% 12 END,
           CASE WHEN shape.bad THEN 'bad:' || i %% 12 END, '0.1.0', shape.at,
           CASE shape.state WHEN 'done' THEN shape.at + interval '20 ms' END
    FROM generate_series(1, %(rows)s) AS i,
         LATERAL (SELECT CASE WHEN i %% least(5003, %(rows)s / 20) = 0 THEN 'dead'
                              WHEN i > %(rows)s - %(rows)s / 30 - 10 AND i %% (%(rows)s / 9000 + 1) = 0 THEN 'waiting'
                              WHEN i %% 10 = 3 THEN 'ignored' ELSE 'done' END) AS first (state),
         LATERAL (SELECT first.state, first.state IN ('dead', 'waiting'), {_TIME}) AS shape (state, bad, at),
         LATERAL (SELECT source, prefix, event_type, queue FROM (VALUES
                      (0, 'stripe', 'evt_/', 'payment_intent.succeeded', 'payments'), (1, 'stripe', 'evt_/', 'invoice.paid', 'payments'),
                      (2, 'stripe', 'evt_/', 'customer.updated', 'payments'), (3, 'stripe', 'evt_/', 'payout.paid', 'payouts'),
                      (4, 'paypal', 'WH-', 'PAYMENT.CAPTURE.COMPLETED', 'payments'), (5, 'zoom', 'z', 'meeting.ended', 'maintenance'))
                  AS kinds (place, source, prefix, event_type, queue) WHERE place = i %% 6) AS kind"""

_PAYLOAD = f"""
    INSERT INTO bursar.inbox_payload (inbox_id, received_at, headers, body)
    SELECT i, {_TIME}, '{{}}', convert_to('{{"id":"evt_' || i || '","data":{{"object":{{"id":"obj","amount":4900}}}}}}', 'UTF8')
    FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS i"""

_AUDIT = f"""
    INSERT INTO bursar.audit (uid, at, actor, reason, action, object_type, object_id, before, after, inbox_id, key_id, mac)
    SELECT gen_random_uuid(), {_TIME}, 'provider:stripe', 'payment_intent.succeeded', 'payment.status', 'payment',
           'pi_' || i, '{{"status": "processing"}}', '{{"status": "succeeded"}}', i, 'test', sha256(int8send(i))
    FROM generate_series(1, %(rows)s) AS i"""

_SEALS = """
    INSERT INTO bursar.audit_seal (seq, audit_id, prev, hash)
    SELECT i, i, sha256(int8send(i - 1)), sha256(int8send(i)) FROM generate_series(1, %(rows)s) AS i"""

_OUTBOX = f"""
    INSERT INTO bursar.outbox (kind, key, queue, lane, payload, inbox_id, state, created_at, fair_at, next_at, ready_at, done_at,
                               result, error, error_class, fingerprint)
    SELECT CASE WHEN n %% 3 = 0 THEN 'stripe.fetch' ELSE 'mail.send' END, 'key:' || n,
           CASE WHEN n %% 3 = 0 THEN 'payments' ELSE 'notifications' END,
           'lane:' || n, '{{"mail": "receipt", "to": "someone@example.com"}}', i, CASE WHEN n %% 5003 = 0 THEN 'dead' ELSE 'done' END,
           at, at, at, at, CASE WHEN n %% 5003 <> 0 THEN at + interval '1 second' END, '{{"ok": true}}',
           CASE WHEN n %% 5003 = 0 THEN 'refused' END, CASE WHEN n %% 5003 = 0 THEN 'Final' END, CASE WHEN n %% 5003 = 0 THEN 'bad' END
    FROM generate_series(1, %(rows)s / 10) AS n, LATERAL (SELECT n * 10::bigint) AS event (i), LATERAL (SELECT {_TIME}) AS time (at)"""

_CUSTOMERS = """
    INSERT INTO bursar.customer (id, source, external_id, versions, created_at, updated_at, currency)
    SELECT gen_random_uuid(), 'stripe', 'cus_/' || i, '{}', %(now)s, %(now)s, 'EUR' FROM generate_series(1, %(rows)s / 30) AS i"""
_PAYMENTS = """
    INSERT INTO bursar.payment (id, source, external_id, versions, created_at, updated_at, kind, status, amount_minor, currency)
    SELECT gen_random_uuid(), 'stripe', 'pi_/' || i, '{}', %(now)s, %(now)s, 'payment_intent', 'succeeded', 4900, 'EUR'
    FROM generate_series(1, %(rows)s / 5) AS i"""

_INDEXES = """
    SELECT c.relname, pg_get_indexdef(i.indexrelid), con.conname, pg_get_constraintdef(con.oid)
    FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid
    LEFT JOIN pg_constraint con ON con.conindid = i.indexrelid AND con.conrelid = i.indrelid
    WHERE c.relnamespace = 'bursar'::regnamespace AND c.relname = ANY(%s) AND NOT c.relispartition ORDER BY con.conname NULLS LAST"""


def oldest_month(now: datetime) -> datetime:
    """The first instant of the whole month in which a fifth of the rows lies."""
    first = (now - timedelta(days=DAYS)).date().replace(day=1)
    following = list(months(first, 2))[1]
    return datetime(following.year, following.month, 1, tzinfo=UTC)


def fill(url: str, rows: int, now: datetime) -> None:
    """Make `rows` events, up to `now`, in an empty, migrated database, and everything that they would have caused."""
    migrate(url)
    bound: dict[str, Any] = {"rows": rows, "now": now, "month": oldest_month(now), "first": 1, "last": rows}
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET maintenance_work_mem = '768MB'; SET work_mem = '256MB'; SET synchronous_commit = off")
        for month in months(bound["month"].date(), 19):
            connection.execute("SELECT bursar.ensure_payload_month(%s)", [month])
        with connection.transaction():
            # Emptied in the same transaction, tables are filled without a log where the server's settings allow it.
            names = sql.SQL(", ").join(sql.Identifier("bursar", name) for name in (*_BIG, *_ALSO))
            connection.execute("SET LOCAL session_replication_role = replica")
            connection.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY CASCADE").format(names))
            again = _without_indexes(connection)
            for statement in (_INBOX, _PAYLOAD, _AUDIT, _SEALS, _OUTBOX, _CUSTOMERS, _PAYMENTS):
                connection.execute(statement.encode(), bound)
            for statement in again:
                connection.execute(statement.encode())
        connection.execute("VACUUM (FREEZE, ANALYZE)")


def refill_month(connection: psycopg.Connection[Any]) -> None:
    """Bring the payloads of the oldest month back, after a run that dropped them; the inbox knows when they came."""
    connection.execute("SELECT bursar.ensure_payload_month((SELECT received_at::date FROM bursar.inbox ORDER BY id LIMIT 1))")
    connection.execute(_REFILL)


_REFILL = """
    INSERT INTO bursar.inbox_payload (inbox_id, received_at, headers, body)
    SELECT id, received_at, '{}', convert_to('{"id":"evt_' || id || '","data":{"object":{"id":"obj","amount":4900}}}', 'UTF8')
    FROM bursar.inbox
    WHERE received_at < (SELECT date_trunc('month', received_at) + interval '1 month' FROM bursar.inbox ORDER BY id LIMIT 1)
    ON CONFLICT DO NOTHING"""


def _without_indexes(connection: psycopg.Connection[Any]) -> list[str]:
    """Drop the indexes of the large tables; the statements that make them again."""
    again = []
    for table, index, constraint, definition in connection.execute(_INDEXES, [list(_BIG)]).fetchall():
        if constraint is None:
            name = index.split(" INDEX ")[1].split()[0]
            connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier("bursar", name)))
            again.append(index)
        else:
            both = (sql.Identifier("bursar", table), sql.Identifier(constraint))
            connection.execute(sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(*both))
            again.append(f"ALTER TABLE bursar.{table} ADD CONSTRAINT {constraint} {definition}")
    return again
