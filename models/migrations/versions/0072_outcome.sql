-- A command is done when its request is written; how the request goes on, the provider decides later. The app asks by the
-- command's key and needs to know no table of ours.
CREATE VIEW bursar.request_outcome AS
    SELECT id, 'payment_request' AS request_type, source, external_id AS reference, status, payment_ref AS object_ref, url,
           failure_code, failure_message, decline_code, updated_at,
           status IN ('succeeded', 'carried_over', 'failed', 'cancelled') AS settled
    FROM bursar.payment_request
    UNION ALL
    SELECT id, 'checkout_request', source, external_id, status, coalesce(payment_ref, checkout_ref), url,
           failure_code, failure_message, NULL, updated_at, status IN ('completed', 'expired', 'failed')
    FROM bursar.checkout_request
    UNION ALL
    SELECT id, 'customer_request', source, external_id, status, customer_ref, NULL,
           failure_code, failure_message, NULL, updated_at, status IN ('created', 'failed')
    FROM bursar.customer_request;
GRANT SELECT ON bursar.request_outcome TO bursar_app, bursar_maintenance;

-- One object for all doors: how the command stands and, as `outcome`, how its request does; null while there is none. `settled`:
-- nothing more happens by itself.
ALTER FUNCTION bursar.command_status(bigint) RENAME TO command_state;
CREATE FUNCTION bursar.command_status(row_id bigint) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
    SELECT bursar.command_state(row_id) || jsonb_build_object('outcome',
        (SELECT to_jsonb(o) - 'id' FROM bursar.command_result r JOIN bursar.request_outcome o
             ON o.id = substring(r.result ->> 'request' FROM '^[a-z]+_([0-9a-f]{32})$')::uuid
         WHERE r.inbox_id = row_id))
$$;
REVOKE ALL ON FUNCTION bursar.command_status(bigint) FROM PUBLIC;

-- The outcome alone.
CREATE FUNCTION bursar_api.outcome(key text) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT bursar_api.status(outcome.key) -> 'outcome'
$$;
COMMENT ON FUNCTION bursar_api.outcome(text) IS
    'How what the command with this key asked for stands at the provider; NULL while it has asked for nothing.';
REVOKE ALL ON FUNCTION bursar_api.outcome(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION bursar_api.outcome(text) TO bursar_client, bursar_recv, bursar_app, bursar_maintenance;
