"""What we bill has its legal paper, and what is void is taken back by a credit note (INV-8, INV-9)."""

from __future__ import annotations

from tasks.maintenance.invariants.rule import Rule

RULE = Rule(
    why="each invoice of a seller's has its paper when its time has come, unless one is kept back; a void one's is credited whole",
    sql="""
        SELECT 'invoice ' || i.external_id, 'is ' || i.status || ' over ' || i.total_minor || ' ' || i.currency || ' and has no legal paper'
        FROM bursar.invoice i
        LEFT JOIN bursar.document d ON d.source = 'bursar' AND d.external_id = 'invoice:' || i.external_id
        WHERE i.updated_at >= %(since)s AND i.source = 'bursar' AND i.total_minor > 0 AND i.taxes IS NOT NULL AND d.id IS NULL
          AND (i.status = 'paid' OR (i.status = 'pending' AND i.invoice_type <> 'credit_package'))
          AND NOT EXISTS (SELECT FROM bursar.document_wait w WHERE w.source = 'bursar' AND w.external_id = 'invoice:' || i.external_id
                          AND w.ended_at IS NULL)
        UNION ALL
        SELECT 'invoice ' || i.external_id,
            'is void; of ' || d.number || ', ' || (d.total_minor - coalesce(n.total, 0)) || ' is not credited'
        FROM bursar.invoice i
        JOIN bursar.document d ON d.source = 'bursar' AND d.external_id = 'invoice:' || i.external_id
        LEFT JOIN LATERAL (SELECT sum(c.total_minor) AS total FROM bursar.document c
                           WHERE c.invoice_ref = i.external_id AND c.kind = 'credit_note') AS n ON true
        WHERE i.updated_at >= %(since)s AND i.source = 'bursar' AND i.status = 'void' AND coalesce(n.total, 0) <> d.total_minor
          AND NOT EXISTS (SELECT FROM bursar.document_wait w WHERE w.source = 'bursar' AND w.external_id = 'credit:' || i.external_id
                          AND w.ended_at IS NULL)""",
    then="bursar explain the invoice; its audit says whether a paper was kept back",
)
