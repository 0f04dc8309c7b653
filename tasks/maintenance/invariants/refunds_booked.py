"""What went back is booked, and what came back after a failure is booked back (REFUND-6): at a provider, or on our own bank account."""

from __future__ import annotations

from tasks.maintenance.invariants.rule import Rule

RULE = Rule(
    why="refunds here are refunds in the books: a succeeded one by its amount, a failed one by nothing",
    sql="""
        SELECT 'refund ' || r.external_id, r.status || ' ' || r.amount_minor || ' ' || r.currency || ', booked ' || coalesce(b.booked, 0)
        FROM bursar.refund r
        LEFT JOIN LATERAL (
            SELECT sum(CASE WHEN j.credit LIKE '%%:balance' OR j.credit LIKE '%%:bank' THEN j.amount_minor ELSE -j.amount_minor END)
                   AS booked
            FROM bursar.journal j WHERE j.fact = 'refund:' || r.source || ':' || r.external_id
              AND j.kind IN ('refund', 'refund_failure')) AS b ON true
        WHERE r.updated_at >= %(since)s AND r.confirmed IS NOT FALSE AND r.source_transfer_reversal_ref IS NULL
          AND r.amount_minor IS NOT NULL AND r.currency IS NOT NULL AND r.status IN ('succeeded', 'failed', 'cancelled')
          -- An authorisation that was let go of moved nothing.
          AND NOT EXISTS (SELECT FROM bursar.charge c WHERE c.source = r.source AND c.external_id = r.charge_ref AND c.source = 'stripe'
                          AND r.balance_transaction_ref IS NULL AND r.amount_minor = c.amount_minor - c.amount_captured_minor)
          AND coalesce(b.booked, 0) <> CASE WHEN r.status = 'succeeded' THEN r.amount_minor ELSE 0 END""",
    then="bursar journal show REFUND; replay its newest event",
)
