"""No account is where it cannot be, such as more given back than ever came in."""

from __future__ import annotations

from tasks.maintenance.invariants.rule import Rule

RULE = Rule(
    why="accounts that the chart calls strict have their balance on their normal side",
    sql="""
        SELECT 'account ' || a.code, 'its balance is ' || b.debit_minor || ' ' || a.currency || ' on the ' || a.normal || ' side'
        FROM bursar.journal_account a CROSS JOIN LATERAL (
            SELECT (SELECT coalesce(sum(j.amount_minor), 0) FROM bursar.journal j WHERE j.debit = a.code AND j.currency = a.currency)
                 - (SELECT coalesce(sum(j.amount_minor), 0) FROM bursar.journal j WHERE j.credit = a.code AND j.currency = a.currency)
                   AS debit_minor) AS b
        WHERE a.strict AND CASE a.normal WHEN 'debit' THEN b.debit_minor < 0 ELSE b.debit_minor > 0 END""",
    then="bursar journal balance ACCOUNT shows its newest legs; look for a fact that is missing",
)
