"""A subscription that we bill runs in a period that was opened, and is billed next when that one ends (SUB-3, SUB-13)."""

from __future__ import annotations

from tasks.maintenance.invariants.rule import Rule

RULE = Rule(
    why="each running subscription of ours has its period's row, and its next one begins where this one ends",
    sql="""
        SELECT 'subscription ' || s.external_id, CASE WHEN p.id IS NULL THEN 'runs in a period that nobody opened'
               ELSE 'is billed next at ' || coalesce(s.next_billing_at::text, 'no time') || ', its period ends ' || p.period_end END
        FROM bursar.subscription s
        LEFT JOIN bursar.subscription_period p ON p.source = s.source AND p.subscription_ref = s.external_id
             AND p.period_start = s.current_period_start
        WHERE s.updated_at BETWEEN %(since)s AND %(settled_by)s AND s.source = 'bursar'
          AND s.status IN ('active', 'past_due', 'pending_renewal')
          AND s.parked_at IS NULL AND (p.id IS NULL OR s.next_billing_at IS DISTINCT FROM p.period_end)""",
    then="bursar explain the subscription: its audit says what moved it; nothing is billed twice, because periods are unique",
)
