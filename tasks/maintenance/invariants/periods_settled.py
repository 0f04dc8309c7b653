"""A period counts as settled where its money came or nothing was owed, and then always (USAGE-1, CRED-3, CRED-12)."""

from __future__ import annotations

from tasks.maintenance.invariants.rule import Rule

RULE = Rule(
    why="each paid invoice of ours that opens a period has settled it, and nothing else of ours has",
    sql="""
        SELECT 'invoice ' || i.external_id, 'is paid, and its period was never settled'
        FROM bursar.invoice i
        LEFT JOIN bursar.period_settlement p ON p.source = i.source AND p.subscription_ref = i.subscription_ref
             AND p.period_start = i.period_start
        WHERE i.updated_at >= %(since)s AND i.source = 'bursar' AND i.status = 'paid' AND i.billing_reason IN ('create', 'cycle')
          AND i.subscription_ref IS NOT NULL AND p.id IS NULL
        UNION ALL
        SELECT 'period_settlement ' || p.external_id, 'names ' || p.invoice_ref || ', which is ' || coalesce(i.status, 'not there')
        FROM bursar.period_settlement p LEFT JOIN bursar.invoice i ON i.source = p.source AND i.external_id = p.invoice_ref
        WHERE p.updated_at >= %(since)s AND p.source = 'bursar' AND p.invoice_ref IS NOT NULL AND i.status IS DISTINCT FROM 'paid'""",
    then="bursar explain the invoice; what a settled period brings (credits, counters) hangs on it",
)
