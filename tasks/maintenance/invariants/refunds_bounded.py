"""Nobody gets more back than he paid (REFUND-2)."""

from __future__ import annotations

from tasks.maintenance.invariants.rule import Rule

RULE = Rule(
    why="refunds that went through, or are under way, are at most what was received",
    sql="""
        SELECT 'payment ' || p.external_id, 'received ' || p.received_minor || ' ' || p.currency || ', refunds come to ' || r.total
        FROM bursar.payment p
        -- Refunds are few: added up once, and not looked through for each payment.
        JOIN (SELECT f.source, f.payment_ref, sum(f.amount_minor) AS total FROM bursar.refund f
              WHERE f.payment_ref IS NOT NULL AND f.status IN ('pending', 'succeeded') AND f.confirmed IS NOT FALSE
                -- An authorisation that was let go of was never received.
                AND NOT EXISTS (SELECT FROM bursar.charge c
                                WHERE c.source = f.source AND c.external_id = f.charge_ref AND c.source = 'stripe'
                                  AND f.balance_transaction_ref IS NULL
                                  AND f.amount_minor = c.amount_minor - c.amount_captured_minor)
              GROUP BY f.source, f.payment_ref) AS r ON r.source = p.source AND r.payment_ref = p.external_id
        WHERE p.updated_at >= %(since)s AND r.total > p.received_minor""",
    then="ask the provider: a refund may be counted twice, or the payment's amount be old; bursar explain the payment",
)
