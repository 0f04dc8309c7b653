"""What was passed on to payees, less what was taken back (PAYOUT-5)."""

from __future__ import annotations

from tasks.maintenance.invariants.rule import Rule

RULE = Rule(
    why="a transfer's postings come to its amount less what was reversed of it",
    sql="""
        SELECT 'transfer ' || t.external_id,
               t.amount_minor || ' less ' || coalesce(t.reversed_minor, 0) || ' ' || t.currency || ', booked ' || coalesce(b.booked, 0)
        FROM bursar.transfer t
        LEFT JOIN LATERAL (
            SELECT sum(CASE WHEN j.credit = t.source || ':balance' THEN j.amount_minor
                            WHEN j.debit = t.source || ':balance' THEN -j.amount_minor ELSE 0 END) AS booked
            FROM bursar.journal j WHERE j.fact = 'transfer:' || t.source || ':' || t.external_id) AS b ON true
        WHERE t.updated_at >= %(since)s AND t.destination_ref IS NOT NULL AND t.account_ref IS NULL AND t.provider_status IS NULL
          AND t.amount_minor IS NOT NULL AND t.currency IS NOT NULL AND t.gone_at IS NULL
          AND coalesce(b.booked, 0) <> t.amount_minor - coalesce(t.reversed_minor, 0)""",
    then="bursar journal show TRANSFER; replay its newest event",
)
