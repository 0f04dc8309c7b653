"""An invoice of ours that was to end has ended, or is paid (INV-3)."""

from __future__ import annotations

from tasks.maintenance.invariants.rule import Rule

RULE = Rule(
    why="no invoice of ours is open past its end, unless a person looks for its money",
    sql="""
        SELECT 'invoice ' || external_id, 'is pending, and was to end at ' || expires_at
        FROM bursar.invoice
        WHERE source = 'bursar' AND status = 'pending' AND expires_at < %(settled_by)s AND confirmation_since IS NULL
          AND updated_at < %(settled_by)s""",
    then="bursar schedule history expire_invoices; then bursar explain the invoice",
)
