"""Each due period of a subscription that we bill was billed, whatever happened to the clock (SUB-3, promise 6)."""

from __future__ import annotations

from tasks.maintenance.invariants.rule import Rule

RULE = Rule(
    why="no running subscription of ours, whose account is not suspended, is due for longer than what is on its way",
    sql="""
        SELECT 'subscription ' || s.external_id, 'is ' || s.status || ', and was due at ' || s.next_billing_at
        FROM bursar.subscription s LEFT JOIN bursar.subscriber b ON b.source = 'bursar' AND b.external_id = s.subscriber_ref
        WHERE s.source = 'bursar' AND s.status IN ('active', 'past_due') AND s.parked_at IS NULL AND s.next_billing_at < %(settled_by)s
          AND s.updated_at < %(settled_by)s AND (b.suspended_at IS NULL OR s.cancel_at_period_end)""",
    then="bursar schedule history renew_subscriptions: is it paused, held for consent, or failing? run_failure names its error",
)
