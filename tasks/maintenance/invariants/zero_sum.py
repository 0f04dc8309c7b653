"""Debits equal credits in each currency: by construction, so a difference means that the table was changed from outside."""

from __future__ import annotations

from tasks.maintenance.invariants.rule import Rule

RULE = Rule(
    why="the books of a currency add up to zero, and each leg's accounts are of its currency",
    sql="""
        SELECT 'journal ' || j.id, 'leg of ' || j.amount_minor || ' ' || j.currency || ' from ' || j.credit || ' to ' || j.debit
        FROM bursar.journal j
        LEFT JOIN bursar.journal_account d ON d.code = j.debit AND d.currency = j.currency
        LEFT JOIN bursar.journal_account c ON c.code = j.credit AND c.currency = j.currency
        WHERE j.posted_at >= %(since)s AND (j.amount_minor <= 0 OR d.code IS NULL OR c.code IS NULL)""",
    then="restore the journal from a backup: no program of ours can write such a row",
)
