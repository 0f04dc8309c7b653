"""A period costs what its version of the price says, unless a price was agreed with its subscriber (PRICE-1, PRICE-6)."""

from __future__ import annotations

from tasks.maintenance.invariants.rule import Rule

RULE = Rule(
    why="periods are billed at the amount of their version, or at one that was agreed",
    sql="""
        SELECT 'subscription ' || p.subscription_ref, 'was billed ' || p.unit_price_minor || ' ' || p.currency || ' a seat from '
               || p.period_start || ', ' || v.external_id || ' is ' || v.unit_amount_minor
        FROM bursar.subscription_period p
        JOIN bursar.price v ON v.source = 'bursar' AND v.external_id = p.price_ref AND v.versions <> '{}'
        LEFT JOIN bursar.subscription s ON s.source = p.source AND s.external_id = p.subscription_ref
        WHERE p.opened_at >= %(since)s AND p.source = 'bursar' AND p.unit_price_minor IS DISTINCT FROM v.unit_amount_minor
          AND NOT EXISTS (SELECT FROM bursar.price_assignment a WHERE a.kind = 'override' AND a.subscriber_ref = s.subscriber_ref)""",
    then="bursar explain the subscription: subscription.repriced in its audit says why; credit what was billed too much",
)
