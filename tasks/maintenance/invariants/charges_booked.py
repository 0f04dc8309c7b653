"""What succeeded was booked, once and to the unit (PAY-1)."""

from __future__ import annotations

from tasks.maintenance.invariants.rule import Rule

RULE = Rule(
    why="each succeeded charge at Stripe has its posting",
    sql="""
        SELECT 'charge ' || c.external_id, 'took in ' || coalesce(c.amount_captured_minor, c.amount_minor) || ' ' || c.currency
               || ', booked ' || coalesce(b.booked, 0)
        FROM bursar.charge c
        LEFT JOIN LATERAL (
            SELECT sum(CASE WHEN j.debit LIKE '%%:balance' THEN j.amount_minor ELSE -j.amount_minor END) AS booked
            FROM bursar.journal j WHERE j.fact = 'charge:' || c.source || ':' || c.external_id AND j.kind = 'charge') AS b ON true
        WHERE c.updated_at >= %(since)s AND c.source = 'stripe' AND c.status = 'succeeded' AND c.source_transfer_ref IS NULL
          AND c.currency IS NOT NULL AND coalesce(c.amount_captured_minor, c.amount_minor) <> coalesce(b.booked, 0)""",
    then="bursar inbox show its newest event; a replay of it books what is missing",
)
