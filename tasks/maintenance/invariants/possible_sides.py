"""No account is where it cannot be, such as more given back than ever came in.

Only a leg on its other side brings an account there, so one without any needs no sum: `sales` has a leg for each payment that ever was.
(The newest such leg is asked for, because the index says it at once; whether there is one may be planned as a look through all legs.)
"""

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
        WHERE a.strict AND CASE a.normal
            WHEN 'debit' THEN (SELECT max(j.posted_at) FROM bursar.journal j WHERE j.credit = a.code AND j.currency = a.currency)
                 IS NOT NULL AND b.debit_minor < 0
            ELSE (SELECT max(j.posted_at) FROM bursar.journal j WHERE j.debit = a.code AND j.currency = a.currency)
                 IS NOT NULL AND b.debit_minor > 0 END""",
    then="bursar journal balance ACCOUNT shows its newest legs; look for a fact that is missing",
)
