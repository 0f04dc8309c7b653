-- How refunds that were asked for stand, by the command's key. Whatever the view knows already, it goes on knowing.
DO $$
BEGIN
    EXECUTE 'CREATE OR REPLACE VIEW bursar.request_outcome AS ' || rtrim(pg_get_viewdef('bursar.request_outcome'::regclass), '; ') || '
        UNION ALL
        SELECT id, ''refund_request'', source, external_id, status, refund_ref, NULL, failure_code, failure_message, NULL, updated_at,
               status IN (''completed'', ''rejected'', ''failed'', ''cancelled'')
        FROM bursar.refund_request';
END $$;
