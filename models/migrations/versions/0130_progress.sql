-- How far a long command has come (SEC-9), by its key: refunds of a batch, moves of a price, a comparison, an erasure. `done` and
-- `total` count its items; `total` is null where nobody knows it beforehand.
CREATE FUNCTION bursar_api.progress(key text) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, bursar, pg_temp SET timezone = 'UTC' AS $$
    WITH command AS (
        SELECT i.event_type AS name, r.result FROM inbox i JOIN command_result r ON r.inbox_id = i.id
        WHERE i.source = 'app' AND i.event_id = progress.key AND r.result IS NOT NULL),
    told AS (
        SELECT b.status, count(t.*) FILTER (WHERE t.status <> 'open') AS done, count(t.*) AS total,
               count(t.*) FILTER (WHERE t.status = 'refused') AS failed, b.requested_at, b.completed_at, NULL AS waits_for
        FROM command c JOIN refund_batch b ON c.name = 'billing.refunds.request_batch.v1' AND 'rbat_' || replace(b.id::text, '-', '') = c.result ->> 'batch'
        LEFT JOIN refund_item t ON t.batch_ref = b.external_id GROUP BY b.id
        UNION ALL
        SELECT m.status, count(v.*) FILTER (WHERE v.status <> 'planned'), CASE WHEN m.status = 'done' THEN count(v.*) END, 0,
               m.requested_at, m.completed_at, NULL
        FROM command c JOIN price_migration m ON c.name = 'billing.prices.migrate.v1' AND m.source = 'bursar' AND m.external_id = c.result ->> 'reference'
        LEFT JOIN price_move v ON v.migration_ref = m.external_id GROUP BY m.id
        UNION ALL
        SELECT e.status, (SELECT coalesce(sum(n.value::bigint), 0) FROM jsonb_each_text(e.counts) AS n), NULL, 0, e.requested_at, e.completed_at, e.waits_for
        FROM command c JOIN erasure e ON c.name = 'billing.customers.erase.v1' AND 'era_' || replace(e.id::text, '-', '') = c.result ->> 'erasure'
        UNION ALL
        SELECT r.status, NULL, NULL, 0, r.created_at, r.completed_at, NULL
        FROM command c JOIN recon_run r ON c.name = 'billing.recon.run.v1' AND r.external_id = c.result ->> 'run')
    SELECT jsonb_build_object('key', progress.key, 'name', c.name, 'status', t.status, 'done', t.done, 'total', t.total, 'failed', t.failed,
                              'started_at', t.requested_at, 'finished_at', t.completed_at, 'waits_for', t.waits_for)
    FROM command c JOIN told t ON true LIMIT 1
$$;
COMMENT ON FUNCTION bursar_api.progress(text) IS
    'How far the work is that the command with this key began: {status, done, total, failed, waits_for}; NULL: it began none.';
REVOKE ALL ON FUNCTION bursar_api.progress(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION bursar_api.progress(text) TO bursar_client, bursar_recv, bursar_app, bursar_maintenance;

-- An erasure, by the app's id of the customer.
CREATE FUNCTION bursar_api.erasure(subscriber_ref text) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, bursar, pg_temp SET timezone = 'UTC' AS $$
    SELECT jsonb_build_object('status', e.status, 'requested_at', e.requested_at, 'completed_at', e.completed_at, 'waits_for', e.waits_for,
                              'provider_customers', coalesce(e.customers, '[]'), 'erased', coalesce(e.counts, '{}'))
    FROM erasure e WHERE e.source = 'bursar' AND e.external_id = erasure.subscriber_ref AND e.versions <> '{}'
$$;
COMMENT ON FUNCTION bursar_api.erasure(text) IS 'How far a customer''s erasure has come; NULL: he was not asked to be forgotten.';
REVOKE ALL ON FUNCTION bursar_api.erasure(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION bursar_api.erasure(text) TO bursar_client, bursar_app, bursar_maintenance;
