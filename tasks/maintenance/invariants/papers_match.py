"""A legal paper says what its invoice says, in its columns as in its words, and credit notes never exceed it (INV-9, TAX-5)."""

from __future__ import annotations

from tasks.maintenance.invariants.rule import Rule

RULE = Rule(
    why="a paper's amounts are its invoice's and those it is printed with; its credit notes come to no more than it",
    sql="""
        SELECT 'paper ' || d.number, 'total ' || d.total_minor || ', printed ' || coalesce(d.content ->> 'total_minor', '?')
               || coalesce(', its invoice ' || i.total_minor, '') || coalesce(', credited ' || n.total, '')
        FROM bursar.document d
        LEFT JOIN bursar.invoice i ON i.source = 'bursar' AND i.external_id = d.invoice_ref AND d.kind = 'invoice'
        LEFT JOIN LATERAL (SELECT sum(c.total_minor) AS total, sum(c.tax_minor) AS tax FROM bursar.document c
                           WHERE c.invoice_ref = d.invoice_ref AND c.corrects_ref = d.external_id) AS n ON d.kind = 'invoice'
        WHERE d.locked_at >= %(since)s
          AND (d.content ->> 'number' IS DISTINCT FROM d.number OR (d.content ->> 'total_minor')::bigint IS DISTINCT FROM d.total_minor
               OR (d.content ->> 'tax_minor')::bigint IS DISTINCT FROM d.tax_minor OR i.total_minor <> d.total_minor
               OR i.tax_minor <> d.tax_minor OR n.total > d.total_minor OR n.tax > (
                   SELECT sum(greatest((part ->> 'tax_minor')::bigint, 0)) FROM jsonb_array_elements(d.content -> 'taxes') AS part))""",
    then="bursar document show the number; somebody has changed rows past the database's rules: restore them",
)
