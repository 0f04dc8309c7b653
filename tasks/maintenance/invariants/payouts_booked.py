"""A payout is out once, and back at most once (PAYOUT-6)."""

from __future__ import annotations

from tasks.maintenance.invariants.rule import Rule

RULE = Rule(
    why="a payout that stands is booked by its amount, one that was given back by nothing",
    sql="""
        SELECT 'payout ' || p.external_id, p.status || ' ' || p.amount_minor || ' ' || p.currency || ', booked ' || coalesce(b.booked, 0)
        FROM bursar.payout p
        LEFT JOIN LATERAL (
            SELECT sum(CASE WHEN j.credit LIKE '%%:balance' THEN j.amount_minor
                            WHEN j.debit LIKE '%%:balance' THEN -j.amount_minor ELSE 0 END) AS booked
            FROM bursar.journal j WHERE j.fact = 'payout:' || p.source || ':' || p.external_id) AS b ON true
        WHERE p.updated_at >= %(since)s AND p.confirmed IS NOT FALSE AND p.amount_minor IS NOT NULL AND p.currency IS NOT NULL
          AND p.status NOT IN ('unknown') AND p.gone_at IS NULL
          AND coalesce(b.booked, 0) <> CASE WHEN p.status IN ('failed', 'returned', 'cancelled') THEN 0
                                            ELSE p.amount_minor
                                                 + CASE WHEN p.source = 'paypal' THEN coalesce(p.fee_minor, 0) ELSE 0 END END""",
    then="bursar journal show PAYOUT; replay its newest event",
)
