"""What is dunned is owed, and what is not dunned any more has no step left (DUN-10)."""

from __future__ import annotations

from tasks.maintenance.invariants.rule import Rule

RULE = Rule(
    why="each open dunning case is of an invoice that waits for money; of a closed one nothing is tried any more",
    sql="""
        SELECT 'dunning_case ' || c.external_id, 'is open, and its invoice is ' || coalesce(i.status, 'missing')
        FROM bursar.dunning_case c LEFT JOIN bursar.invoice i ON i.source = 'bursar' AND i.external_id = c.external_id
        WHERE c.updated_at >= %(since)s AND c.status = 'open' AND i.status IS DISTINCT FROM 'pending'
        UNION ALL
        SELECT 'dunning_case ' || c.external_id, 'is ' || c.status || ', and its step ' || a.external_id || ' is ' || a.status
        FROM bursar.dunning_case c JOIN bursar.dunning_attempt a ON a.case_ref = c.external_id AND a.status IN ('pending', 'processing')
        WHERE c.updated_at >= %(since)s AND c.status <> 'open'""",
    then="bursar dunning show INVOICE; the next run of collect_due ends steps of what is not owed",
)
