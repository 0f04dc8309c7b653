"""What has ended is neither billed again nor waited for (SUB-2)."""

from __future__ import annotations

from tasks.maintenance.invariants.rule import Rule

RULE = Rule(
    why="an ended subscription of ours has its end, no next billing, and no period that was opened after it",
    sql="""
        SELECT 'subscription ' || s.external_id, 'is ' || s.status || ' since ' || coalesce(s.ended_at::text, 'no time') || ', billed next '
               || coalesce(s.next_billing_at::text, 'none') || ', a period was opened at ' || coalesce(p.opened_at::text, 'no later time')
        FROM bursar.subscription s
        LEFT JOIN LATERAL (SELECT max(o.opened_at) AS opened_at FROM bursar.subscription_period o
                           WHERE o.source = s.source AND o.subscription_ref = s.external_id AND o.opened_at > s.ended_at) AS p ON true
        WHERE s.updated_at >= %(since)s AND s.source = 'bursar' AND s.status IN ('cancelled', 'expired')
          AND (s.ended_at IS NULL OR s.next_billing_at IS NOT NULL OR p.opened_at IS NOT NULL)""",
    then="bursar explain the subscription; void what was billed after its end",
)
