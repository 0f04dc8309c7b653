"""Everybody whose VAT number VIES has answered about knows the answer (TAX-4)."""

from __future__ import annotations

from tasks.maintenance.invariants.rule import Rule

RULE = Rule(
    why="a profile says of its VAT number what VIES last said",
    sql="""
        SELECT 'subscriber ' || b.external_id, 'has ' || v.external_id || ' as ' || coalesce(b.vat_id_valid::text, 'not known')
               || ', VIES said ' || v.valid
        FROM bursar.vies_check v JOIN bursar.bill_to b ON b.source = 'bursar' AND b.vat_id = v.external_id
        WHERE (v.updated_at >= %(since)s OR b.updated_at >= %(since)s)
          AND v.valid IS NOT NULL AND b.vat_id_valid IS DISTINCT FROM v.valid""",
    then="bursar tax ask NUMBER: the answer is told to all who have it",
)
