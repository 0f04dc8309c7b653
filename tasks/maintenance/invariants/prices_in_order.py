"""Versions of a price follow each other without a gap, and none begins before the one before it (PRICE-1, PRICE-2)."""

from __future__ import annotations

from tasks.maintenance.invariants.rule import Rule

RULE = Rule(
    why="each version of a price has the one before it, which begins no later",
    sql="""
        SELECT 'price ' || v.external_id, CASE WHEN b.id IS NULL THEN 'has no version before it' ELSE 'begins before ' || b.external_id END
        FROM bursar.price v
        LEFT JOIN bursar.price b ON b.product_ref = v.product_ref AND b.cycle_unit = v.cycle_unit AND b.cycle_count = v.cycle_count
             AND b.currency = v.currency AND b.version = v.version - 1
        WHERE v.updated_at >= %(since)s AND v.version > 1 AND v.versions <> '{}'
          AND (b.id IS NULL OR b.effective_for_new_at > v.effective_for_new_at
               OR b.effective_for_existing_at > v.effective_for_existing_at)""",
    then="bursar price show it; publish the version that should hold, and look in the audit for who wrote this one",
)
