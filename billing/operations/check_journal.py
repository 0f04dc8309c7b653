"""Lays the journal beside the provider's balance transactions, and explains payouts to the last unit (RECON-7, RECON-9).

Several transactions may belong to one fact of ours (a dispute takes and gives back), and several facts to one transaction
(a charge's comes net of our fee). So both sides are summed by what they belong to (`root`: a charge, a refund, a dispute, a
transfer, ...), by account and by currency: the sums must be equal. A payout's line is explained when the sums of its root are,
or when the journal knows that very amount of it; what is left of the payout is its remainder.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import sql

from billing.operations.keep_findings import Scope, keep, keeping

# `up` follows links to their end; two links are the most that there are, four stop a circle.
_SUMS = sql.SQL("""
    links AS MATERIALIZED (
        SELECT external_id AS child, coalesce(account_ref, '') AS account, parent_ref AS parent FROM bursar.recon_staged
        WHERE object = 'link'),
    up AS (
        SELECT l.child, l.account, coalesce(g.parent, p.parent, l.parent) AS root FROM links l
        LEFT JOIN links p ON p.child = l.parent AND p.account = l.account
        LEFT JOIN links g ON g.child = p.parent AND g.account = p.account),
    txn AS MATERIALIZED (
        SELECT DISTINCT ON (t.external_id) t.external_id AS id, coalesce(t.account_ref, '') AS account, t.currency,
               t.amount_minor AS amount, t.amount_minor - t.fee_minor AS net,
               t.kind AS type, t.said AS category, t.parent_ref AS source, t.created_at,
               coalesce(up.root, t.parent_ref, t.external_id) AS root
        FROM bursar.recon_staged t
        LEFT JOIN up ON up.child = t.parent_ref AND up.account = coalesce(t.account_ref, '')
        WHERE t.object IN ('balance_transaction', 'payout_line')
        ORDER BY t.external_id, t.object),
    legs AS (
        SELECT fact, debit AS code, amount_minor AS amount, currency, posted_at FROM bursar.journal
        UNION ALL SELECT fact, credit, -amount_minor, currency, posted_at FROM bursar.journal),
    facts AS MATERIALIZED (
        SELECT CASE WHEN code = %(source)s || ':balance' THEN '' ELSE split_part(code, ':', 2) END AS account, currency,
               split_part(fact, ':', 1) AS aggregate, substring(fact FROM '^[^:]*:[^:]*:(.*)$') AS id, sum(amount)::bigint AS amount,
               min(posted_at) AS first_at
        FROM legs
        WHERE code = %(source)s || ':balance' OR (code LIKE %(source)s || ':%%:balance')
        GROUP BY 1, 2, 3, 4),
    ours AS (
        SELECT f.account, f.currency, coalesce(txn.root, up.root, f.id) AS root, sum(f.amount)::bigint AS net, min(first_at) AS first_at,
               min(f.aggregate) FILTER (WHERE f.aggregate <> 'balance_transaction') AS aggregate
        FROM facts f
        LEFT JOIN txn ON f.aggregate = 'balance_transaction' AND txn.id = f.id
        LEFT JOIN up ON up.child = f.id AND up.account = f.account
        GROUP BY 1, 2, 3),
    theirs AS (
        SELECT account, currency, root, sum(net)::bigint AS net, sum(amount)::bigint AS gross, min(created_at) AS first_at,
               min(id) AS txn, min(type) AS type, min(category) AS category
        FROM txn GROUP BY 1, 2, 3),
    beside AS MATERIALIZED (
        SELECT coalesce(t.account, o.account) AS account, coalesce(t.currency, o.currency) AS currency, coalesce(t.root, o.root) AS root,
               o.net AS ours, t.net AS theirs, t.gross, t.txn, t.type, t.category, o.aggregate,
               least(o.first_at, t.first_at) AS first_at, coalesce(o.net, 0) = coalesce(t.net, 0) AS same
        FROM theirs t FULL JOIN ours o ON o.account = t.account AND o.currency = t.currency AND o.root = t.root
        WHERE coalesce(o.net, 0) <> coalesce(t.net, 0) OR t.root IS NOT NULL)""")

# What began before the window may have transactions that were not listed; a run with an earlier --since compares it.
_MOVEMENTS = sql.SQL("""
    {sums},
    named AS (
        SELECT b.*, CASE WHEN category LIKE 'dispute%%' OR aggregate = 'dispute' THEN 'dispute'
                         WHEN type LIKE '%%refund%%' AND type NOT LIKE 'transfer%%' AND type NOT LIKE 'application%%' THEN 'refund'
                         WHEN type IN ('charge', 'payment') THEN 'charge' WHEN type LIKE 'transfer%%' THEN 'transfer'
                         WHEN type LIKE 'payout%%' THEN 'payout' WHEN type LIKE 'application_fee%%' THEN 'application_fee'
                         ELSE 'balance_transaction' END AS moved
        FROM beside b
        WHERE NOT same AND first_at >= %(since)s AND first_at < %(until)s
          AND (account = '' OR account = ANY(%(accounts)s))),
    found AS (
        SELECT CASE WHEN coalesce(ours, 0) = 0 AND moved = 'refund' THEN 'refund_unbooked'
                    WHEN coalesce(ours, 0) = 0 AND moved = 'dispute' THEN 'dispute_unbooked'
                    WHEN ours = gross AND ours <> theirs THEN 'processor_fee_missing'
                    ELSE 'journal_differs' END AS kind,
               CASE WHEN ours = gross AND ours <> theirs THEN 'balance_transaction' ELSE coalesce(aggregate, moved) END AS object_type,
               CASE WHEN ours = gross AND ours <> theirs THEN txn ELSE root END
                   || CASE WHEN account = '' OR moved NOT IN ('transfer', 'application_fee') THEN '' ELSE '@' || account END AS object_ref,
               nullif(account, '') AS account_ref, coalesce(ours, 0) AS ours_minor, coalesce(theirs, 0) AS theirs_minor, currency,
               jsonb_strip_nulls(jsonb_build_object('transaction', txn, 'type', type, 'category', category, 'root', root)) AS detail,
               first_at AS object_at
        FROM named)""")

_LINES = sql.SQL("""
    {sums},
    lines AS MATERIALIZED (
        SELECT l.txn_ref AS payout, l.external_id AS id, l.kind AS type, l.said AS category, l.amount_minor AS amount, l.fee_minor AS fee,
               l.amount_minor - l.fee_minor AS net, l.currency, l.parent_ref AS source, txn.root, txn.account,
               coalesce(b.same OR EXISTS (
                   SELECT FROM facts f LEFT JOIN up ON up.child = f.id AND up.account = f.account
                   WHERE coalesce(up.root, f.id) = txn.root AND f.account = txn.account AND f.currency = l.currency
                     AND f.amount = l.amount_minor - l.fee_minor), false) AS explained
        FROM bursar.recon_staged l JOIN txn ON txn.id = l.external_id
        LEFT JOIN beside b ON b.account = txn.account AND b.currency = l.currency AND b.root = txn.root
        WHERE l.object = 'payout_line' AND l.external_id IS DISTINCT FROM
              (SELECT p.txn_ref FROM bursar.recon_staged p WHERE p.object = 'payout' AND p.external_id = l.txn_ref))""")

_PAYOUTS = sql.SQL("""
    {lines},
    summed AS (
        SELECT p.external_id, p.account_ref, p.amount_minor, p.currency, p.created_at, p.kind, p.status,
               coalesce(sum(l.net) FILTER (WHERE l.explained), 0)::bigint AS explained, coalesce(sum(l.net), 0)::bigint AS listed,
               count(l.id) AS count
        FROM bursar.recon_staged p LEFT JOIN lines l ON l.payout = p.external_id
        WHERE p.object = 'payout' AND p.kind = 'automatic' GROUP BY 1, 2, 3, 4, 5, 6, 7),
    found AS (
        SELECT 'payout_unexplained' AS kind, 'payout' AS object_type, external_id AS object_ref, account_ref, explained AS ours_minor,
               amount_minor AS theirs_minor, currency,
               jsonb_build_object('remainder', amount_minor - explained, 'listed', listed, 'lines', count) AS detail,
               created_at AS object_at
        FROM summed WHERE explained <> amount_minor)""")

_EXPLAINED = sql.SQL("""
    WITH {lines}
    SELECT coalesce(category, type) AS category, type, count(*) AS lines, sum(amount)::bigint AS amount, sum(fee)::bigint AS fee,
           sum(net)::bigint AS net, coalesce(sum(net) FILTER (WHERE explained), 0)::bigint AS explained,
           coalesce(jsonb_agg(jsonb_build_object('transaction', id, 'source', source, 'net', net))
                    FILTER (WHERE NOT explained), '[]') AS left_over
    FROM lines WHERE payout = %(payout)s GROUP BY 1, 2 ORDER BY 1, 2""")

_MOVED = ["refund_unbooked", "dispute_unbooked", "journal_differs", "processor_fee_missing"]
_WITH_LINES = _LINES.format(sums=_SUMS)
_EXPLAIN = _EXPLAINED.format(lines=_WITH_LINES).as_bytes()
_STATEMENTS: Mapping[str, tuple[bytes, str, list[str]]] = {
    "movements": (keeping(_MOVEMENTS.format(sums=_SUMS)), "", _MOVED),
    "payouts": (keeping(_PAYOUTS.format(lines=_WITH_LINES)), "payout", ["payout_unexplained"]),
}
CHECKS: Mapping[str, frozenset[str]] = {
    "movements": frozenset({"balance_transaction", "transfer", "application_fee"}),
    "payouts": frozenset({"payout", "payout_line", "balance_transaction", "transfer", "application_fee"}),
}
"""Check -> what must have been listed for it."""


def check_journal(connection: psycopg.Connection[Any], name: str, scope: Scope) -> dict[str, int]:
    """Run one of CHECKS in the caller's transaction; how many findings of each kind there are."""
    statement, object_type, kinds = _STATEMENTS[name]
    return keep(connection, statement, scope, object_type, kinds)


def explain_payout(connection: psycopg.Connection[Any], source: str, payout: str) -> list[dict[str, Any]]:
    """What the payout paid out, by category, from what is staged; `left_over` lists the lines that nothing of ours explains."""
    cursor = connection.execute(_EXPLAIN, {"source": source, "payout": payout})
    names = [column.name for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor]
