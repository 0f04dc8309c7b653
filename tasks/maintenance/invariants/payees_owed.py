"""What payees have coming is what lies in their accounts at the provider, on its way included (PAYOUT-1)."""

from __future__ import annotations

from tasks.maintenance.invariants.rule import Rule

RULE = Rule(
    why="a connected account's payable equals the sum of its buckets at Stripe",
    sql="""
        SELECT 'account ' || a.provider || ':' || a.owner,
               'its buckets and its payable differ by ' || sum(b.debit_minor) || ' ' || a.currency
        FROM bursar.journal_account a CROSS JOIN LATERAL (
            SELECT (SELECT coalesce(sum(j.amount_minor), 0) FROM bursar.journal j WHERE j.debit = a.code AND j.currency = a.currency)
                 - (SELECT coalesce(sum(j.amount_minor), 0) FROM bursar.journal j WHERE j.credit = a.code AND j.currency = a.currency)
                   AS debit_minor) AS b
        WHERE a.provider = 'stripe' AND a.owner IS NOT NULL AND a.name <> 'receivable'
        GROUP BY a.provider, a.owner, a.currency HAVING sum(b.debit_minor) <> 0""",
    then="a posting of one side only: bursar journal balance ACCOUNT for each of its accounts",
)
