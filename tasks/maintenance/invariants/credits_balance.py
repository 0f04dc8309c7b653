"""What a subscriber has in credits is the sum of his ledger, and of what is left of his lots (CRED-6)."""

from __future__ import annotations

from tasks.maintenance.invariants.rule import Rule

RULE = Rule(
    why="a credit account's balance is the sum of its ledger, and of what is left of its active lots",
    sql="""
        SELECT 'credits of ' || a.external_id, 'balance ' || a.balance || ', ledger ' || e.sum || ' (' || e.count || ' of ' || a.entries
               || ' entries, then ' || coalesce(e.last, 0) || '), active lots ' || l.sum
        FROM bursar.credit_account a
        CROSS JOIN LATERAL (SELECT coalesce(sum(amount), 0) AS sum, count(*) AS count,
                                   (array_agg(balance_after ORDER BY seq DESC))[1] AS last
                            FROM bursar.credit_entry WHERE subscriber_ref = a.external_id) AS e
        CROSS JOIN LATERAL (SELECT coalesce(sum(remaining), 0) AS sum, count(*) AS count
                            FROM bursar.credit_lot WHERE subscriber_ref = a.external_id AND status = 'active') AS l
        WHERE a.updated_at >= %(since)s AND a.versions <> '{}'
          AND (a.balance, a.entries, a.balance, a.balance, jsonb_array_length(a.open_lots))
              IS DISTINCT FROM (e.sum::bigint, e.count, l.sum::bigint, coalesce(e.last, 0), l.count::int)""",
    then="bursar credits show SUBSCRIBER; find the entry that is missing, then set it right: bursar credits adjust",
)
