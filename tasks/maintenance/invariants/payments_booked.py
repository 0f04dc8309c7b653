"""No payment counts as paid while the books know nothing of its money (PAY-1)."""

from __future__ import annotations

from tasks.maintenance.invariants.rule import Rule

RULE = Rule(
    why="each succeeded payment has a booked charge, or is booked itself",
    sql="""
        SELECT 'payment ' || p.external_id, 'received ' || p.received_minor || ' ' || p.currency || ', nothing booked'
        FROM bursar.payment p
        WHERE p.updated_at >= %(since)s AND p.updated_at < %(settled_by)s AND p.status = 'succeeded'
          AND p.confirmed IS NOT FALSE AND p.received_minor > 0
          AND p.booked IS NULL
          AND NOT EXISTS (SELECT FROM bursar.charge c WHERE c.payment_id = p.id AND c.booked IS NOT NULL)
          AND NOT EXISTS (SELECT FROM bursar.charge c WHERE c.source = p.source AND c.external_id = p.external_id AND c.booked IS NOT NULL)
          AND NOT EXISTS (SELECT FROM bursar.charge c WHERE c.payment_id = p.id AND c.source_transfer_ref IS NOT NULL)""",
    then="the charge's own event is missing: bursar inbox backfill stripe, or replay the payment's last event",
)
