"""Each paper of a Romanian seller is on its way to the ministry, and what is there has its bytes kept here (TAX-3)."""

from __future__ import annotations

from tasks.maintenance.invariants.rule import Rule

RULE = Rule(
    why="a document that is issued in Romania is queued with its commit; one on its way has an open submission, one accepted its bytes",
    sql="""
        SELECT 'document ' || d.number, 'was issued in Romania and is not on its way to the ministry'
        FROM bursar.document d LEFT JOIN bursar.efactura e ON e.source = 'anaf' AND e.external_id = d.external_id
        WHERE d.locked_at >= %(since)s AND d.country = 'RO' AND e.status IS NULL
        UNION ALL
        SELECT 'e-Factura ' || e.external_id, 'is ' || e.status || ', and nothing sends it or looks for it'
        FROM bursar.efactura e
        WHERE e.updated_at >= %(since)s AND e.status IN ('uploading', 'unknown')
          AND NOT EXISTS (SELECT FROM bursar.submission s WHERE s.source = 'anaf' AND s.request_id = e.id AND s.attempt = e.attempt
                          AND s.state NOT IN ('settled', 'abandoned'))
        UNION ALL
        SELECT 'e-Factura ' || e.external_id, 'is ' || e.status || ', and the bytes that were sent are not those that are kept'
        FROM bursar.efactura e
        LEFT JOIN bursar.efactura_paper p ON p.efactura_ref = e.external_id AND p.attempt = e.attempt AND p.kind = 'ubl'
        WHERE e.updated_at >= %(since)s AND e.status IN ('uploading', 'unknown', 'processing', 'accepted')
          AND e.sha256 IS DISTINCT FROM p.sha256""",
    then="bursar efactura show NUMBER; docs/runbook/e-factura.md",
)
