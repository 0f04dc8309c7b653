"""Nobody pays twice for one plan (SUB-1)."""

from __future__ import annotations

from tasks.maintenance.invariants.rule import Rule

RULE = Rule(
    why="a subscriber has each plan that we bill once at a time",
    sql="""
        SELECT 'subscriber ' || s.subscriber_ref, 'has ' || s.product_ref || ' as ' || s.external_id || ' and ' || other.external_id
        FROM bursar.subscription s
        JOIN bursar.subscription other ON other.subscriber_ref = s.subscriber_ref AND other.product_ref = s.product_ref
             AND other.source = 'bursar' AND other.status NOT IN ('cancelled', 'expired') AND other.external_id > s.external_id
        WHERE s.updated_at >= %(since)s AND s.source = 'bursar' AND s.status NOT IN ('cancelled', 'expired')""",
    then="cancel one of them, and refund what was paid for it",
)
