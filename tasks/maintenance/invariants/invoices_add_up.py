"""An invoice of ours says one amount, whichever way it is added up (INV-1)."""

from __future__ import annotations

from tasks.maintenance.invariants.rule import Rule

RULE = Rule(
    why="lines less discount plus what tax comes on top are the total; what is paid of it, taken from credit and open is no more than it",
    sql="""
        SELECT 'invoice ' || i.external_id, 'total ' || i.total_minor || ', lines ' || coalesce(l.total, 0) || ', discount '
               || coalesce(i.discount_minor, 0) || ', credit ' || coalesce(i.credit_applied_minor, 0) || ', open '
               || coalesce(i.amount_remaining_minor, 0) || ', ' || i.status
        FROM bursar.invoice i
        LEFT JOIN LATERAL (SELECT sum((line->>'amount_minor')::bigint) AS total FROM jsonb_array_elements(i.lines) AS line) AS l ON true
        WHERE i.updated_at >= %(since)s AND i.source = 'bursar' AND i.versions <> '{}' AND i.lines IS NOT NULL
          AND (coalesce(l.total, 0) - coalesce(i.discount_minor, 0)
               + CASE WHEN i.tax_inclusive THEN 0 ELSE coalesce(i.tax_minor, 0) END <> i.total_minor
               OR coalesce(i.credit_applied_minor, 0) + coalesce(i.amount_remaining_minor, 0) > i.total_minor
               OR least(i.amount_remaining_minor, i.credit_applied_minor, i.discount_minor, i.total_minor) < 0
               OR (i.status = 'paid' AND i.amount_remaining_minor <> 0))""",
    then="bursar explain the invoice; its audit says which verb changed the amounts",
)
