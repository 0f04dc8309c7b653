-- The app learns how its answer to a dispute stands, by its command's key.
DO $$
BEGIN
    EXECUTE 'CREATE OR REPLACE VIEW bursar.request_outcome AS ' || rtrim(pg_get_viewdef('bursar.request_outcome'::regclass), '; ') || '
        UNION ALL
        SELECT id, ''dispute_response'', source, external_id, status, dispute_ref, NULL, failure_code, failure_message, NULL, updated_at,
               status IN (''made'', ''failed'')
        FROM bursar.dispute_response';
END $$;
-- Shares that are owed to a payee again after a dispute, and that the platform's balance could not pay yet.
CREATE INDEX transfer_request_failed_idx ON bursar.transfer_request (updated_at) WHERE status = 'failed';
-- `bursar explain` goes from a payout to what asked for it.
CREATE INDEX payout_request_payout_ref_idx ON bursar.payout_request (source, payout_ref) WHERE payout_ref IS NOT NULL;
