"""Periods of a subscription follow each other; the count from its anchor goes up (SUB-3, SUB-13)."""

from __future__ import annotations

from tasks.maintenance.invariants.rule import Rule

RULE = Rule(
    why="a later period of a subscription that we bill never has the number of an earlier one of the same anchor, nor begins within it",
    sql="""
        SELECT 'subscription ' || p.subscription_ref, 'its period from ' || p.period_start || ' begins within the one from '
               || b.period_start
        FROM bursar.subscription_period p
        JOIN bursar.subscription_period b ON b.source = p.source AND b.subscription_ref = p.subscription_ref
             AND b.period_start < p.period_start AND b.period_end > p.period_start
        WHERE p.opened_at >= %(since)s AND p.source = 'bursar' AND p.cycle_no > 0 AND b.cycle_no >= p.cycle_no""",
    then="bursar explain the subscription: which change moved its anchor?",
)
