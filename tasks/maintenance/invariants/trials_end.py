"""Trials end, and nobody has two (TRIAL-1, TRIAL-7). Only what is `trialing` is looked at (trap T3)."""

from __future__ import annotations

from tasks.maintenance.invariants.rule import Rule

RULE = Rule(
    why="no trial runs on two days after its end and grace, unless its account is suspended, and a subscriber has one that we bill",
    sql="""
        SELECT 'subscription ' || s.external_id, 'is trialing, and its trial ended at ' || s.trial_end_at
        FROM bursar.subscription s LEFT JOIN bursar.product p ON p.source = 'bursar' AND p.external_id = s.product_ref
        LEFT JOIN bursar.subscriber b ON b.source = 'bursar' AND b.external_id = s.subscriber_ref
        WHERE s.source = 'bursar' AND s.status = 'trialing' AND b.suspended_at IS NULL
          AND (s.unbilled_until IS NULL OR s.unbilled_until + interval '2 days' < %(settled_by)s)
          AND s.trial_end_at + (coalesce(p.trial_grace_days, 0) + 2) * interval '1 day' < %(settled_by)s
        UNION ALL
        SELECT 'subscriber ' || s.subscriber_ref, 'had ' || count(*) || ' trials'
        FROM bursar.subscription s
        WHERE s.source = 'bursar' AND s.trial_start_at IS NOT NULL AND s.subscriber_ref IN (
            SELECT n.subscriber_ref FROM bursar.subscription n
            WHERE n.source = 'bursar' AND n.trial_start_at IS NOT NULL AND n.updated_at >= %(since)s)
        GROUP BY s.subscriber_ref HAVING count(*) > 1""",
    then="bursar schedule history end_trials; run it again",
)
