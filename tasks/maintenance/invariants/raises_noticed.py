"""Nobody pays more by a new version before the notice of it went out in time (PRICE-3)."""

from __future__ import annotations

from tasks.maintenance.invariants.rule import Rule

RULE = Rule(
    why="each raise by a new version was told, so many days before as the version says",
    sql="""
        SELECT 'subscription ' || s.external_id, 'pays ' || v.external_id || ' from ' || (a.after ->> 'at') || ', and '
               || coalesce('was told of it at ' || n.told_at, 'was not told of it')
        FROM bursar.subscription s
        JOIN bursar.price v ON v.source = 'bursar' AND v.external_id = s.price_ref AND v.version > 1
        JOIN bursar.audit a ON a.object_type = 'subscription' AND a.object_id = s.id::text AND a.action = 'subscription.repriced'
             AND a.after ->> 'price' = v.external_id AND a.after ->> 'because' IN ('declared', 'version')
        JOIN bursar.price b ON b.source = 'bursar' AND b.external_id = a.before ->> 'price' AND b.unit_amount_minor < v.unit_amount_minor
        LEFT JOIN LATERAL (SELECT coalesce(p.delivered_at, o.done_at) AS told_at FROM bursar.price_notice p
                           LEFT JOIN bursar.outbox o ON o.kind = 'mail.send' AND o.key = p.mail_key
                                AND coalesce(o.result ->> 'not_sent', 'sent') = 'sent'
                           WHERE p.source = 'bursar' AND p.external_id = s.subscriber_ref || ':' || v.external_id) AS n ON true
        WHERE s.updated_at >= %(since)s AND s.source = 'bursar'
          AND (n.told_at IS NULL OR n.told_at + make_interval(days => v.notice_days::integer) > (a.after ->> 'at')::timestamptz)""",
    then="give the subscriber his old price by billing.prices.grandfather.v1, and credit the difference",
)
