"""What was paid for, or carried over, was granted (PAY-9)."""

from __future__ import annotations

from tasks.maintenance.invariants.rule import Rule

RULE = Rule(
    why="each request that was paid, and says what for, has its fulfilment",
    sql="""
        SELECT r.kind || ' ' || r.external_id, 'is ' || r.status || ', and its ' || r.purpose || ' was never granted'
        FROM (SELECT 'payment_request' AS kind, source, external_id, status, purpose, updated_at,
                     CASE status WHEN 'carried_over' THEN 'payment_request:' || external_id ELSE payment_ref END AS key
              FROM bursar.payment_request WHERE status IN ('succeeded', 'carried_over')
              UNION ALL
              SELECT 'checkout_request', source, external_id, status, purpose, updated_at, coalesce(payment_ref, checkout_ref)
              FROM bursar.checkout_request WHERE status = 'completed') AS r
        LEFT JOIN bursar.fulfilment f ON f.source = r.source AND f.external_id = r.key AND f.granted_at IS NOT NULL
        WHERE r.updated_at >= %(since)s AND r.purpose IS NOT NULL AND f.id IS NULL""",
    then="replay the newest event of its payment: the grant is made from the rows",
)
