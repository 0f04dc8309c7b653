"""Each due period of a subscription that we bill was billed, whatever happened to the clock (SUB-3, promise 6)."""

from __future__ import annotations

from tasks.maintenance.invariants.rule import Rule

RULE = Rule(
    why="no running subscription of ours is due for longer than what is on its way",
    sql="""
        SELECT 'subscription ' || external_id, 'is ' || status || ', and was due at ' || next_billing_at
        FROM bursar.subscription
        WHERE source = 'bursar' AND status IN ('active', 'past_due') AND parked_at IS NULL AND next_billing_at < %(settled_by)s
          AND updated_at < %(settled_by)s""",
    then="bursar schedule history renew_subscriptions: is it paused, held for consent, or failing? run_failure names its error",
)
