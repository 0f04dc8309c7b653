"""Who did not pay within the grace is let go, once it is over, and never before (SUB-7)."""

from __future__ import annotations

from tasks.maintenance.invariants.rule import Rule

RULE = Rule(
    why="no subscription of ours waits for its payment past its grace, unless a person looks for the money or it is on its way",
    sql="""
        SELECT 'subscription ' || s.external_id, 'is ' || s.status || ', its grace was over at ' || s.grace_until
        FROM bursar.subscription s
        LEFT JOIN bursar.invoice i ON i.source = 'bursar' AND i.external_id = s.latest_invoice_ref
        WHERE s.source = 'bursar' AND s.status IN ('pending', 'pending_renewal') AND s.grace_until < %(settled_by)s
          AND NOT EXISTS (SELECT FROM bursar.payment_request p WHERE p.purpose = 'invoice' AND p.purpose_ref = s.latest_invoice_ref
                          AND p.status IN ('pending', 'processing'))
          AND i.confirmation_since IS NULL AND greatest(s.updated_at, i.updated_at) < %(settled_by)s""",
    then="bursar schedule history expire_manual_renewals; then bursar explain the subscription",
)
