"""The floor: the rows that the product wrote for another group, written once more by nothing but INSERT ... SELECT and UPDATE.

The same columns, the same sizes, the same indexes, the same pages of 200 with a commit each; no reading of terms, no rule, no Python.
What is to be written lies ready in unlogged tables.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql

from benchmarks.renewals.fill import PAGE

_MADE = {
    "invoice": sql.SQL("external_id LIKE {subscription}"),
    "subscription_period": sql.SQL("subscription_ref LIKE {subscription} AND cycle_no > 0"),
    "payment_request": sql.SQL("external_id LIKE {request}"),
    "submission": sql.SQL("request_ref LIKE {request}"),
    "outbox": sql.SQL("created_at = {at}"),
    "audit": sql.SQL("at = {at}"),
    "entitlement_change": sql.SQL("at = {at}"),
}
"""Table -> which of its rows the product made in a group's run."""

_COLUMNS = """SELECT attname::text, format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0
              AND NOT attisdropped AND attidentity = '' AND attname <> 'written_by' ORDER BY attnum"""
_DUE = """SELECT s.id FROM bursar.subscription s JOIN bursar.subscriber b ON b.source = 'bursar' AND b.external_id = s.subscriber_ref
          WHERE s.next_billing_at <= %(now)s AND s.parked_at IS NULL AND s.source = 'bursar' AND s.status IN ('active', 'past_due')
          ORDER BY s.next_billing_at, s.id LIMIT %(page)s FOR UPDATE OF b SKIP LOCKED"""
_RENEW = """UPDATE bursar.subscription SET cycle_no = cycle_no + 1, current_period_start = current_period_end,
               current_period_end = current_period_end + interval '1 month', next_billing_at = next_billing_at + interval '1 month',
               latest_invoice_ref = external_id || ':20270228T120000Z' WHERE id = ANY (%(ids)s)"""


def prepare(
    owner: psycopg.Connection[Any], done: str, group: str, done_at: datetime, subscriptions: int
) -> tuple[list[str], dict[str, int]]:
    """Lay ready, as rows of `group`, what the product has written for `done`; the statements of a page, and the rows of each table."""
    owner.execute("DROP SCHEMA IF EXISTS floor CASCADE")
    owner.execute("CREATE SCHEMA floor")
    statements, counts = [], {}
    named = {"subscription": sql.Literal(f"sub-{done}-%"), "request": sql.Literal(f"inv:sub-{done}-%"), "at": sql.Literal(done_at)}
    for name, made in _MADE.items():
        columns = owner.execute(_COLUMNS, [f"bursar.{name}"]).fetchall()
        values = sql.SQL(", ").join(
            sql.SQL("{} AS {}").format(_value(column, kind, done, group), sql.Identifier(column)) for column, kind in columns
        )
        table, ready = sql.Identifier("bursar", name), sql.Identifier("floor", name)
        where = made.format(**named)
        copy = sql.SQL("CREATE UNLOGGED TABLE {} AS SELECT {}, 0::bigint AS page FROM {} WHERE {}").format(ready, values, table, where)
        owner.execute(copy.as_string(owner).encode())
        counts[name] = owner.execute(sql.SQL("SELECT count(*) FROM {}").format(ready)).fetchone()[0]  # type: ignore[index]  # a row
        share = PAGE * max(counts[name] // subscriptions, 1)
        paged = sql.SQL(
            "UPDATE {0} AS r SET page = n.page FROM (SELECT ctid AS at, (row_number() OVER (ORDER BY ctid) - 1) / {1} AS page FROM {0}) n "
            "WHERE n.at = r.ctid"
        )
        owner.execute(paged.format(ready, share))
        owner.execute(sql.SQL("CREATE INDEX ON {} (page)").format(ready))
        owner.execute(sql.SQL("VACUUM ANALYZE {}").format(ready))
        listed = sql.SQL(", ").join(sql.Identifier(column) for column, _ in columns)
        insert = sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {} WHERE page = %(page)s").format(table, listed, listed, ready)
        statements.append(insert.as_string(owner))
    return statements, counts


def run(url: str, statements: list[str], now: datetime) -> int:
    """Page by page until nothing is due; how many subscriptions."""
    done = page = 0
    with psycopg.connect(url, prepare_threshold=0) as connection:
        while ids := [row[0] for row in connection.execute(_DUE, {"now": now, "page": PAGE})]:
            with connection.pipeline():
                connection.execute(_RENEW, {"ids": ids})
                for statement in statements:
                    connection.execute(statement, {"page": page})
                connection.commit()
            done, page = done + len(ids), page + 1
        connection.rollback()
    return done


def _value(column: str, kind: str, done: str, group: str) -> sql.Composable:
    named = sql.Identifier(column)
    if kind == "uuid":
        # Another id as near to its neighbours as the product's own, which are ordered by time.
        text = sql.SQL("left({0}::text, 35) || translate(right({0}::text, 1), '0123456789abcdef', '123456789abcdef0')").format(named)
        return sql.SQL("({})::uuid").format(text)
    if column == "key":
        return sql.SQL("{} || 'x'").format(named)
    if kind in ("text", "jsonb"):
        swap = sql.SQL("replace({}::text, {}, {})").format(named, f"-{done}-", f"-{group}-")
        return sql.SQL("({})::{}").format(swap, sql.SQL(kind))
    return named
