"""What is left of a lot is the sum of its part of the ledger (CRED-1, CRED-6)."""

from __future__ import annotations

from tasks.maintenance.invariants.rule import Rule

RULE = Rule(
    why="what is left of a credit lot is the sum of its entries in the ledger",
    sql="""
        SELECT 'credit lot ' || l.external_id, 'left ' || l.remaining || ', ledger ' || e.sum
        FROM bursar.credit_lot l
        CROSS JOIN LATERAL (SELECT coalesce(sum(amount), 0) AS sum FROM bursar.credit_entry WHERE lot_ref = l.external_id) AS e
        WHERE l.updated_at >= %(since)s AND l.versions <> '{}' AND l.remaining <> e.sum""",
    then="bursar credits show SUBSCRIBER; the ledger is right, the lot was changed past it",
)
