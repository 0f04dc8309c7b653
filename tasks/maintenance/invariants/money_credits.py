"""What a subscriber has with us is the sum of its ledger, and nobody has less than nothing (CRED-10)."""

from __future__ import annotations

from tasks.maintenance.invariants.rule import Rule

RULE = Rule(
    why="a money credit is the sum of its ledger",
    sql="""
        SELECT 'money_credit ' || c.external_id, 'has ' || coalesce(c.balance_minor, 0) || ' ' || c.currency
               || ', ledger ' || coalesce(l.total, 0)
        FROM bursar.money_credit c
        LEFT JOIN LATERAL (SELECT sum(e.delta_minor) AS total FROM bursar.money_credit_entry e WHERE e.credit_id = c.id) AS l ON true
        WHERE c.updated_at >= %(since)s AND c.versions <> '{}' AND coalesce(c.balance_minor, 0) <> coalesce(l.total, 0)""",
    then="bursar audit show the credit; its changes are audited as money_credit.*",
)
