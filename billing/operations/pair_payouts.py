"""Pairs the lines of PayPal's report with the payouts that we know, as both sides of a comparison (RECON-3).

A line has the transaction's id and our row the item's, so a pair is found by the transaction, or by the request that both name
while we do not know the transaction. A payout has no time of its own at PayPal. Ours is the first that we know at or after its
movement: when it arrived, when it came back, or when we last heard of it; what nobody claims comes back after 30 days, so the
report, which is read from well before the window, shows what such a time stands for.
"""

from __future__ import annotations

from psycopg import sql

from billing.rules.reported_payout import CAME_BACK, SHOWN_AS

_AGREE = sql.SQL(", ").join(
    sql.SQL("({}, {})").format(ours, theirs) for ours, found in SHOWN_AS.items() for theirs in sorted(found)
)

# The second look is for rows that never heard of their transaction; a pair of either look is one pair.
MATCHED = sql.SQL("""
    paired AS MATERIALIZED (
        SELECT s.external_id AS txn, min(coalesce(p.external_id, q.external_id)) AS item
        FROM bursar.recon_staged s
        LEFT JOIN bursar.payout p ON p.source = %(source)s AND p.balance_transaction_ref = s.external_id
        LEFT JOIN bursar.payout q ON q.source = %(source)s AND q.balance_transaction_ref IS NULL
                                 AND q.metadata->>'bursar_request' = s.request
        WHERE s.object = {object} AND s.kind IS NOT DISTINCT FROM {kind}
        GROUP BY s.external_id)""")
"""`paired`: transaction of a payout -> our payout; format it with the staged object and kind of the payouts' lines."""

UNKNOWN_AS = sql.SQL("'T0001:' || ")
"""What a payout without a row of ours is called by: its code and transaction, which is no id that could be looked up."""

THERE = sql.SQL("""
    {matched},
    lines AS (
        SELECT DISTINCT ON (external_id) * FROM bursar.recon_staged WHERE object = 'payout' ORDER BY external_id, created_at DESC),
    backs AS (
        SELECT DISTINCT ON (parent_ref) * FROM bursar.recon_staged WHERE object = 'payout_return' ORDER BY parent_ref, created_at DESC),
    reported AS (
        SELECT coalesce(k.item, p.external_id, {unknown} coalesce(l.external_id, b.parent_ref)) AS external_id,
               coalesce(l.amount_minor, b.amount_minor) AS amount_minor, coalesce(l.currency, b.currency) AS currency,
               CASE WHEN b.parent_ref IS NULL THEN l.status ELSE {came_back} END AS status, coalesce(b.said, l.said) AS said,
               coalesce(b.created_at, l.created_at) AS created_at
        FROM lines l FULL JOIN backs b ON b.parent_ref = l.external_id
        LEFT JOIN paired k ON k.txn = l.external_id
        LEFT JOIN bursar.payout p ON p.source = %(source)s AND p.balance_transaction_ref = b.parent_ref),
    ours AS (
        SELECT external_id, balance_transaction_ref, amount_minor, currency, status, versions = '{{}}' AS stub,
               coalesce(paid_at, failed_at, updated_at) AS at, coalesce(greatest(paid_at, failed_at), updated_at) AS changed_at
        FROM bursar.payout WHERE source = %(source)s),
    there AS (
        SELECT r.external_id, NULL::text AS account_ref, r.amount_minor, NULL::bigint AS back_minor, r.currency,
               -- What changed after the window's end may not be reported yet.
               CASE WHEN o.changed_at >= %(until)s OR (o.status, r.status) IN (VALUES {agree}) THEN o.status ELSE r.status END AS status,
               r.said,
               CASE WHEN r.created_at >= %(since)s THEN r.created_at ELSE o.at END AS created_at
        FROM reported r LEFT JOIN ours o USING (external_id)
        WHERE r.created_at >= %(since)s OR (o.at >= %(since)s AND o.at < %(until)s))""").format(
    matched=MATCHED.format(object=sql.Literal("payout"), kind=sql.SQL("NULL")),
    unknown=UNKNOWN_AS, came_back=sql.Literal(CAME_BACK), agree=_AGREE,
)  # fmt: skip
"""What PayPal shows of payouts, in our ids and words; a status that the report cannot tell from ours is ours."""

HERE = sql.SQL("""
    here AS (
        SELECT o.external_id, NULL::text AS account_ref, o.amount_minor, 0::bigint AS back_minor, o.currency, o.status, o.stub,
               o.at AS provider_created_at, true AS shown
        FROM ours o
        WHERE o.external_id IN (SELECT external_id FROM there)
           OR (o.balance_transaction_ref IS NOT NULL AND o.at >= %(since)s AND o.at < %(until)s
               AND NOT EXISTS (SELECT FROM reported r WHERE r.external_id = o.external_id)))""")
"""Our payouts that are paired, and those that a transaction should show and no line does."""
