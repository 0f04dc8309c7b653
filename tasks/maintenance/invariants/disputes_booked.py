"""What disputes took and gave back is in the books, and nothing else (DISPUTE-4)."""

from __future__ import annotations

from tasks.maintenance.invariants.rule import Rule

RULE = Rule(
    why="a dispute's postings come to what was withdrawn less what was reinstated",
    sql="""
        SELECT 'dispute ' || d.external_id, coalesce(d.funds_withdrawn_minor, 0) || ' less ' || coalesce(d.funds_reinstated_minor, 0)
               || ' ' || d.currency || ', booked ' || coalesce(b.booked, 0)
        FROM bursar.dispute d
        LEFT JOIN LATERAL (
            SELECT sum(CASE WHEN j.credit LIKE '%%:balance' THEN j.amount_minor ELSE -j.amount_minor END) AS booked
            FROM bursar.journal j WHERE j.fact = 'dispute:' || d.source || ':' || d.external_id
              AND j.kind IN ('dispute_withdrawn', 'dispute_reinstated')) AS b ON true
        WHERE d.updated_at >= %(since)s AND d.confirmed IS NOT FALSE AND d.currency IS NOT NULL
          AND coalesce(b.booked, 0) <> coalesce(d.funds_withdrawn_minor, 0) - coalesce(d.funds_reinstated_minor, 0)""",
    then="bursar journal show DISPUTE; replay its newest event",
)
