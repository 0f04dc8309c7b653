"""Nobody's tax is left out without a proven VAT number (TAX-1)."""

from __future__ import annotations

from tasks.maintenance.invariants.rule import Rule

RULE = Rule(
    why="an invoice with reverse charge or an intra-Community supply names a number that VIES has once called valid, as the audit knows",
    sql="""
        SELECT 'paper ' || d.number, 'has no VAT, and ' || coalesce(b.content ->> 'vat_id', 'no number') || ' was never proven'
        FROM bursar.document d JOIN bursar.document_buyer b ON b.document_id = d.id AND b.content IS NOT NULL
        WHERE d.locked_at >= %(since)s AND d.kind = 'invoice' AND d.content @? '$.taxes[*].tax.category ? (@ == "AE" || @ == "K")'
          AND NOT EXISTS (
              SELECT 1 FROM bursar.vies_check v JOIN bursar.audit a ON a.object_type = 'vies_check' AND a.object_id = v.id::text
              WHERE v.source = 'vies' AND v.external_id = b.content ->> 'vat_id'
                AND a.action = 'vat_number.checked' AND a.after @> '{"valid": true}')""",
    then="bursar tax vies NUMBER; if the number is not valid, credit the invoice and issue it with VAT: the seller owes it",
)
