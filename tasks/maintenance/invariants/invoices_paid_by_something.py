"""What counts as paid was paid: by money, by credit, carried over, or nothing was owed (INV-2, PAY-1).

What was issued anew, because money came for one that was void (INV-13), is paid by what was granted to that one.
"""

from __future__ import annotations

from tasks.maintenance.invariants.rule import Rule

RULE = Rule(
    why="each paid invoice of ours that owed money after credit has a payment that was granted to it",
    sql="""
        SELECT 'invoice ' || i.external_id, 'is paid, ' || (i.total_minor - coalesce(i.credit_applied_minor, 0)) || ' ' || i.currency
               || ' was owed, and no payment was granted to it'
        FROM bursar.invoice i
        WHERE i.updated_at >= %(since)s AND i.source = 'bursar' AND i.status = 'paid' AND i.amount_paid_minor > 0
          AND NOT EXISTS (SELECT FROM bursar.fulfilment f WHERE f.purpose = 'invoice'
                          AND f.purpose_ref IN (i.external_id, i.metadata->>'replaces') AND f.granted_at IS NOT NULL)""",
    then="bursar explain the invoice: who settled it, and for what money? an operator may void or refund it",
)
