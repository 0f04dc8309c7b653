"""Whoever paid for a package of credits has them, once, as many as his invoice says (CRED-4)."""

from __future__ import annotations

from tasks.maintenance.invariants.rule import Rule

RULE = Rule(
    why="each paid package of credits was granted, with what its invoice says",
    sql="""
        SELECT 'invoice ' || i.external_id,
               'is paid, for ' || i.package_credits || ' credits; granted: ' || coalesce(l.amount::text, 'none')
        FROM bursar.invoice i
        LEFT JOIN bursar.credit_lot l ON l.source = 'bursar' AND l.external_id = 'invoice:' || i.external_id AND l.versions <> '{}'
        WHERE i.updated_at >= %(since)s AND i.source = 'bursar' AND i.invoice_type = 'credit_package' AND i.status = 'paid'
          AND i.package_credits > 0 AND l.amount IS DISTINCT FROM i.package_credits
        UNION ALL
        SELECT 'payment ' || f.source || ' ' || f.external_id,
               'paid for the package ' || coalesce(f.purpose_ref, '?')
               || ', and nothing was granted to ' || coalesce(f.external_ref, 'anybody')
        FROM bursar.fulfilment f
        LEFT JOIN bursar.credit_lot l ON l.source = 'bursar' AND l.external_id = 'payment:' || f.source || ':' || f.external_id
             AND l.versions <> '{}'
        JOIN bursar.product p ON p.source = 'bursar' AND p.external_id = f.purpose_ref AND p.kind = 'credit_package' AND p.credits > 0
        WHERE f.updated_at >= %(since)s AND f.purpose = 'credit_package' AND f.status = 'granted' AND f.external_ref IS NOT NULL
          AND f.granted_at >= p.created_at AND l.id IS NULL""",
    then="bursar explain it; then bursar credits adjust SUBSCRIBER, with the payment in the reason",
)
