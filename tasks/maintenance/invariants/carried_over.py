"""What customers owe from amounts too small to charge is what the ledger says, and the books (PAY-17)."""

from __future__ import annotations

from tasks.maintenance.invariants.rule import Rule

RULE = Rule(
    why="a customer's balance is the sum of its ledger, and of its postings",
    sql="""
        SELECT 'customer_balance ' || b.external_id, 'owes ' || coalesce(b.owed_minor, 0) || ' ' || b.currency
               || ', ledger ' || coalesce(l.total, 0) || ', booked ' || coalesce(l.booked, 0)
        FROM bursar.customer_balance b
        LEFT JOIN LATERAL (
            SELECT sum(e.delta_minor) AS total, sum(j.booked) AS booked FROM bursar.customer_balance_entry e
            LEFT JOIN LATERAL (
                SELECT sum(CASE WHEN j.debit LIKE '%%:customer_receivable' THEN j.amount_minor ELSE -j.amount_minor END) AS booked
                FROM bursar.journal j WHERE j.fact = e.fact AND j.kind = e.kind) AS j ON true
            WHERE e.balance_id = b.id) AS l ON true
        WHERE b.updated_at >= %(since)s AND b.currency IS NOT NULL
          AND (coalesce(b.owed_minor, 0) <> coalesce(l.total, 0) OR coalesce(l.total, 0) <> coalesce(l.booked, 0))""",
    then="bursar audit show the balance; its changes are audited as customer_balance.*",
)
