"""One period of a subscription is billed by one invoice (SUB-3, T2)."""

from __future__ import annotations

from tasks.maintenance.invariants.rule import Rule

RULE = Rule(
    why="no two invoices of ours that stand are for the same period of the same subscription",
    sql="""
        SELECT 'subscription ' || i.subscription_ref, 'its period from ' || i.period_start || ' is billed by ' || i.external_id || ' and '
               || other.external_id
        FROM bursar.invoice i
        JOIN bursar.invoice other ON other.subscription_ref = i.subscription_ref AND other.period_start = i.period_start
             AND other.source = 'bursar' AND other.status NOT IN ('void', 'draft') AND other.billing_reason IN ('create', 'cycle')
             AND other.external_id > i.external_id
        WHERE i.updated_at >= %(since)s AND i.source = 'bursar' AND i.status NOT IN ('void', 'draft')
          AND i.billing_reason IN ('create', 'cycle')""",
    then="void the one that is not paid, or refund one of them",
)
