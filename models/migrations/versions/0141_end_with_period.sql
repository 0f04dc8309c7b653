-- Subscriptions that PayPal bills and that are to end with their period (SUB-6): PayPal is asked a day before, and what was paid for holds
-- until the period's end.
ALTER TABLE bursar.subscription ADD COLUMN access_until timestamptz;
CREATE INDEX subscription_end_with_period_idx ON bursar.subscription (current_period_end, id) WHERE source = 'paypal' AND cancel_at_period_end;
CREATE INDEX subscription_access_until_idx ON bursar.subscription (access_until, id) WHERE access_until IS NOT NULL;

-- As in 0101, and one that ended early at its provider counts until `access_until`.
CREATE OR REPLACE FUNCTION bursar_api.entitlements(subscriber_ref text, at timestamptz DEFAULT clock_timestamp()) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, bursar, pg_temp AS $$
    WITH subscriber AS (
        SELECT b.* FROM subscriber b WHERE b.source = 'bursar' AND b.external_id = entitlements.subscriber_ref AND b.versions <> '{}'),
    -- The one that counts: a paid plan that runs, a trial, the free plan, then what is paused or waits for its first payment.
    main AS (
        SELECT s.*, p.free, p.limits, p.name AS product_name, p.trial_grace_days
        FROM subscription s LEFT JOIN product p ON p.source = 'bursar' AND p.external_id = s.product_ref
        WHERE s.subscriber_ref = entitlements.subscriber_ref
          AND (s.status IN ('active', 'past_due', 'pending_renewal', 'unpaid', 'trialing', 'paused', 'pending')
               OR (s.status = 'cancelled' AND s.access_until > entitlements.at))
        ORDER BY CASE WHEN s.status IN ('active', 'past_due', 'pending_renewal', 'unpaid', 'cancelled') AND p.free IS NOT TRUE THEN 0
                      WHEN s.status = 'trialing' THEN 1 WHEN s.status = 'active' THEN 2 WHEN s.status = 'paused' THEN 3 ELSE 4 END,
                 s.started_at DESC NULLS LAST, s.id DESC
        LIMIT 1),
    until AS (
        SELECT CASE WHEN m.status = 'trialing' THEN m.trial_end_at + coalesce(m.trial_grace_days, 0) * interval '1 day'
                    WHEN m.status = 'cancelled' THEN m.access_until
                    ELSE least(m.grace_until, m.cancel_at, CASE WHEN m.cancel_at_period_end THEN m.current_period_end END) END AS access_until
        FROM main m),
    grants AS (
        SELECT m.status IN ('active', 'past_due', 'pending_renewal', 'unpaid', 'trialing', 'cancelled')
               AND (u.access_until IS NULL OR u.access_until > entitlements.at) AS runs FROM main m, until u),
    fallback AS (
        SELECT p.external_id, p.name, p.limits FROM product p WHERE p.free AND p.kind = 'plan' AND p.status = 'offered'
        ORDER BY p.external_id LIMIT 1),
    open_invoices AS (
        SELECT i.invoice_type, jsonb_build_object('invoice', i.external_id, 'amount_minor', i.amount_remaining_minor, 'currency', i.currency,
               'due_at', i.due_at, 'expires_at', i.expires_at, 'confirmation_since', i.confirmation_since) AS told
        FROM invoice i WHERE i.source = 'bursar' AND i.subscriber_ref = entitlements.subscriber_ref AND i.status = 'pending'
        ORDER BY i.due_at, i.external_id)
    SELECT jsonb_build_object(
        'subscriber', b.external_id,
        'status', b.status,
        'blocked', b.suspended_at IS NOT NULL OR (u.access_until IS NOT NULL AND u.access_until <= entitlements.at),
        'blocked_because', CASE WHEN b.suspended_at IS NOT NULL THEN b.suspended_because
                                WHEN u.access_until <= entitlements.at THEN 'access ended with ' || m.status END,
        'access_until', u.access_until,
        'plan', CASE WHEN g.runs THEN m.product_ref ELSE f.external_id END,
        'plan_name', CASE WHEN g.runs THEN m.product_name ELSE f.name END,
        'limits', coalesce(CASE WHEN g.runs THEN m.limits ELSE f.limits END, '{}'),
        'subscription', CASE WHEN m.id IS NULL THEN NULL ELSE jsonb_build_object(
            'source', m.source, 'reference', m.external_id, 'status', m.status, 'plan', m.product_ref, 'quantity', m.quantity,
            'period_start', m.current_period_start, 'period_end', m.current_period_end,
            'cancel_at_period_end', coalesce(m.cancel_at_period_end, false), 'pending_change', m.pending_change) END,
        'trial', CASE WHEN m.trial_end_at IS NULL THEN NULL ELSE jsonb_build_object(
            'started_at', m.trial_start_at, 'ends_at', m.trial_end_at,
            'days_left', greatest(0, ceil(extract(epoch FROM m.trial_end_at - entitlements.at) / 86400)::bigint)) END,
        'pending_subscription_invoices', coalesce((SELECT jsonb_agg(told) FROM open_invoices WHERE invoice_type IN ('subscription', 'proration')), '[]'),
        'pending_credit_invoices', coalesce((SELECT jsonb_agg(told) FROM open_invoices WHERE invoice_type = 'credit_package'), '[]'),
        'credits', bursar_api.credits(b.external_id, entitlements.at),
        'organisations', bursar_api.memberships(b.external_id),
        'usage', coalesce((SELECT jsonb_object_agg(meter, jsonb_build_object('name', name, 'used', used, 'limit', max_used, 'reset_at', reset_at))
                           FROM bursar_api.usage(b.external_id)), '{}'))
    FROM subscriber b LEFT JOIN main m ON true LEFT JOIN until u ON true LEFT JOIN grants g ON true LEFT JOIN fallback f ON true
$$;
