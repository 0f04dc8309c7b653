"""Who is suspended for want of payment has an invoice because of which he is, and the other way round (DUN-2)."""

from __future__ import annotations

from tasks.maintenance.invariants.rule import Rule

RULE = Rule(
    why="a subscriber is suspended for an overdue payment exactly while a dunning case says so",
    sql="""
        SELECT 'subscriber ' || b.external_id, 'is suspended for an overdue payment, and no open dunning case suspends him'
        FROM bursar.subscriber b
        WHERE b.suspended_because = 'payment overdue' AND b.updated_at >= %(since)s AND NOT EXISTS (
            SELECT FROM bursar.dunning_case c WHERE c.subscriber_ref = b.external_id AND c.status = 'open' AND c.suspended_at IS NOT NULL)
        UNION ALL
        SELECT 'dunning_case ' || c.external_id, 'suspended ' || c.subscriber_ref || ', who is not suspended'
        FROM bursar.dunning_case c JOIN bursar.subscriber b ON b.source = 'bursar' AND b.external_id = c.subscriber_ref
        WHERE c.updated_at >= %(since)s AND c.status = 'open' AND c.suspended_at IS NOT NULL AND b.suspended_at IS NULL""",
    then="bursar audit show the subscriber; pay or close the invoice, and the suspension is lifted with it",
)
