"""No subscription waits for a person: what a run would have billed absurdly often was parked instead (SUB-14)."""

from __future__ import annotations

from tasks.maintenance.invariants.rule import Rule

RULE = Rule(
    why="no subscription is parked",
    sql="""
        SELECT 'subscription ' || external_id, 'was parked at ' || parked_at || ': ' || parked_because
        FROM bursar.subscription
        WHERE updated_at >= %(since)s AND parked_at IS NOT NULL AND source = 'bursar' AND status NOT IN ('cancelled', 'expired')""",
    then="look at it with bursar explain, then billing.subscriptions.unpark.v1 (missed periods are not billed) or cancel it",
)
