-- Payees of payments that the platform takes itself and passes on by a transfer of its own (PAYOUT-5).
ALTER TABLE bursar.payment_request  ADD COLUMN payee_ref text;
ALTER TABLE bursar.checkout_request ADD COLUMN payee_ref text;

-- What an account owes us (row that it arose by -> {currency, amount_minor, netted_minor}), and what of a share was kept for it
-- (REFUND-4). The journal says the same; this is what is locked while money is decided about.
ALTER TABLE bursar.payee            ADD COLUMN owed jsonb;
ALTER TABLE bursar.transfer_request ADD COLUMN netted_minor bigint;

-- What the runs look for.
CREATE INDEX payout_late_idx ON bursar.payout (arrival_on, id) WHERE status IN ('pending', 'in_transit', 'on_hold');
CREATE INDEX payee_balances_idx ON bursar.payee (source, external_id, balances_at);

-- An account's money per currency, as far as the provider's newest word, our own promises, the holds and the journal tell
-- (PAYOUT-11). `held_minor` is null where all of it is held. A view: nothing of it is stored twice.
CREATE VIEW bursar.payee_balance AS
    SELECT p.source, p.external_id AS account_ref, p.external_ref, c.currency, m.available_minor, m.pending_minor, m.promised_minor,
           m.held_minor, m.receivable_minor,
           CASE WHEN m.held_minor IS NULL OR m.available_minor + least(m.pending_minor, 0) < 0 THEN 0
                ELSE greatest(0, m.available_minor - m.promised_minor - m.receivable_minor - m.held_minor) END AS payable_minor,
           p.balances_at AS as_of
    FROM bursar.payee p
    CROSS JOIN LATERAL (
        SELECT jsonb_object_keys(coalesce(p.balances, '{}')) AS currency
        UNION SELECT value ->> 'currency' FROM jsonb_each(coalesce(p.promised, '{}'))
        UNION SELECT j.currency FROM bursar.journal_account j WHERE j.code = concat_ws(':', p.source, p.external_id, 'receivable')) AS c
    CROSS JOIN LATERAL (
        SELECT coalesce((p.balances -> c.currency ->> 'available_minor')::bigint, 0) AS available_minor,
               coalesce((p.balances -> c.currency ->> 'pending_minor')::bigint, 0) AS pending_minor,
               coalesce((SELECT sum((value ->> 'amount_minor')::bigint) FROM jsonb_each(coalesce(p.promised, '{}'))
                         WHERE value ->> 'currency' = c.currency), 0)::bigint AS promised_minor,
               (SELECT CASE WHEN bool_or(value ->> 'amount_minor' IS NULL) THEN NULL
                            ELSE coalesce(sum((value ->> 'amount_minor')::bigint), 0) END
                FROM jsonb_each(coalesce(p.holds, '{}'))
                WHERE value ->> 'currency' IS NULL OR value ->> 'currency' = c.currency)::bigint AS held_minor,
               (coalesce((SELECT sum(amount_minor) FROM bursar.journal
                          WHERE debit = concat_ws(':', p.source, p.external_id, 'receivable') AND currency = c.currency), 0)
                - coalesce((SELECT sum(amount_minor) FROM bursar.journal
                            WHERE credit = concat_ws(':', p.source, p.external_id, 'receivable') AND currency = c.currency), 0)
               )::bigint AS receivable_minor) AS m;
GRANT SELECT ON bursar.payee_balance TO bursar_app, bursar_maintenance;

CREATE FUNCTION bursar.payee_balances(in_source text, in_account text) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
    SELECT coalesce(jsonb_object_agg(b.currency, to_jsonb(b) - 'source' - 'account_ref' - 'external_ref' - 'currency'), '{}')
    FROM bursar.payee_balance b WHERE b.source = in_source AND b.account_ref = in_account
$$;

-- An account's payouts, newest first: ours, and those that others made (the provider's own schedule, its dashboard).
CREATE FUNCTION bursar.payee_payouts(in_source text, in_account text, before_at timestamptz, most integer)
RETURNS TABLE (at timestamptz, reference text, payout_ref text, amount_minor bigint, currency text, status text, slot_on date,
               arrival_on date, failure_code text, failure_message text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
    SELECT * FROM (
        SELECT r.requested_at AS at, r.external_id AS reference, r.payout_ref, coalesce(r.amount_minor, r.asked_minor), r.currency,
               r.status, r.slot_on, p.arrival_on, r.failure_code, r.failure_message
        FROM bursar.payout_request r LEFT JOIN bursar.payout p ON p.source = r.source AND p.external_id = r.payout_ref
        WHERE r.source = in_source AND r.account_ref = in_account AND r.requested_at < before_at
        UNION ALL
        SELECT coalesce(p.provider_created_at, p.created_at), NULL, p.external_id, p.amount_minor, p.currency, p.status, NULL,
               p.arrival_on, p.failure_code, p.failure_message
        FROM bursar.payout p JOIN bursar.account a ON a.id = p.account_id
        WHERE a.source = in_source AND a.external_id = in_account AND p.source = in_source
          AND coalesce(p.provider_created_at, p.created_at) < before_at
          AND NOT EXISTS (SELECT FROM bursar.payout_request r WHERE r.source = p.source AND r.account_ref = in_account
                          AND r.payout_ref = p.external_id)
    ) AS found ORDER BY at DESC, payout_ref DESC LIMIT most
$$;

-- What an account earned, what was taken back of that, and what was paid out, in [from_at, until_at), per currency (PAYOUT-10, 11).
-- `earned_minor` are transfers made then, `taken_back_minor` is what was taken back of these until now; a payout counts on the day
-- on which it was made, and as come back on the day on which it failed.
CREATE FUNCTION bursar.payee_statement(in_source text, in_account text, from_at timestamptz, until_at timestamptz)
RETURNS TABLE (currency text, transfers bigint, earned_minor bigint, taken_back_minor bigint, fees_minor bigint, payouts bigint,
               paid_out_minor bigint, came_back_minor bigint)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT currency, sum(transfers)::bigint, sum(earned)::bigint, sum(taken_back)::bigint, sum(fees)::bigint, sum(payouts)::bigint,
           sum(paid_out)::bigint, sum(came_back)::bigint
    FROM (
        SELECT t.currency, 1 AS transfers, t.amount_minor AS earned, coalesce(t.reversed_minor, 0) AS taken_back,
               coalesce(q.fee_minor, 0) AS fees, 0 AS payouts, 0 AS paid_out, 0 AS came_back
        FROM bursar.transfer t JOIN bursar.account a ON a.id = t.account_id
        LEFT JOIN bursar.transfer_request q ON q.source = t.source AND q.transfer_ref = t.external_id
        WHERE a.source = in_source AND a.external_id = in_account AND t.source = in_source AND t.currency IS NOT NULL
          AND t.status IS DISTINCT FROM 'failed' AND coalesce(t.provider_created_at, t.created_at) >= from_at
          AND coalesce(t.provider_created_at, t.created_at) < until_at
        UNION ALL
        SELECT q.currency, 1, q.made_minor, coalesce((SELECT sum(value::bigint) FROM jsonb_each_text(coalesce(q.taken_back, '{}'))), 0),
               q.fee_minor, 0, 0, 0
        FROM bursar.transfer_request q
        WHERE q.source = in_source AND q.account_ref = in_account AND q.status = 'made' AND q.transfer_ref IS NULL
          AND q.completed_at >= from_at AND q.completed_at < until_at
        UNION ALL
        SELECT p.currency, 0, 0, 0, 0, 1, p.amount_minor, 0
        FROM bursar.payout p JOIN bursar.account a ON a.id = p.account_id
        WHERE a.source = in_source AND a.external_id = in_account AND p.source = in_source AND p.currency IS NOT NULL
          AND coalesce(p.provider_created_at, p.created_at) >= from_at AND coalesce(p.provider_created_at, p.created_at) < until_at
        UNION ALL
        SELECT p.currency, 0, 0, 0, 0, 0, 0, p.amount_minor
        FROM bursar.payout p JOIN bursar.account a ON a.id = p.account_id
        WHERE a.source = in_source AND a.external_id = in_account AND p.source = in_source AND p.currency IS NOT NULL
          AND p.status IN ('failed', 'returned', 'cancelled') AND coalesce(p.failed_at, p.updated_at) >= from_at
          AND coalesce(p.failed_at, p.updated_at) < until_at
        UNION ALL
        -- Out of our own money (PayPal), where the payout itself names no account.
        SELECT r.currency, 0, 0, 0, 0, 1, r.amount_minor, CASE WHEN r.status IN ('failed', 'returned', 'cancelled') THEN r.amount_minor ELSE 0 END
        FROM bursar.payout_request r LEFT JOIN bursar.payout p ON p.source = r.source AND p.external_id = r.payout_ref
        WHERE r.source = in_source AND r.account_ref = in_account AND r.amount_minor IS NOT NULL AND p.account_id IS NULL
          AND r.payout_ref IS NOT NULL AND r.requested_at >= from_at AND r.requested_at < until_at
    ) AS moved GROUP BY currency ORDER BY currency
$$;
CREATE INDEX transfer_request_account_idx ON bursar.transfer_request (source, account_ref, completed_at);

-- What the main app shows an organiser (PAYOUT-11). `account` is the provider's id; NULL finds by the app's own id.
CREATE FUNCTION bursar_api.payee(source text, account text DEFAULT NULL, external_ref text DEFAULT NULL) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
    SELECT jsonb_build_object(
        'source', payee.source, 'account', coalesce(p.external_id, q.account_ref), 'external_ref', coalesce(p.external_ref, q.external_id),
        'status', CASE WHEN a.id IS NULL OR a.versions = '{}' THEN coalesce(q.status, 'unknown')
                       WHEN a.authorized IS FALSE THEN 'disconnected' WHEN a.payouts_enabled THEN 'enabled' ELSE 'disabled' END,
        'disabled_reason', a.disabled_reason, 'requirements', a.requirements,
        'onboarding_url', q.onboarding_url, 'onboarding_at', q.onboarding_at, 'failure_code', q.failure_code,
        'schedule', p.schedule, 'day', p.schedule_day, 'zone', p.zone, 'minimums_minor', coalesce(p.minimums, '{}'),
        'paused', coalesce(p.paused, false), 'next_due_at', p.next_due_at,
        'holds', (SELECT coalesce(jsonb_agg(value ORDER BY key), '[]') FROM jsonb_each(coalesce(p.holds, '{}'))),
        'balances', bursar.payee_balances(p.source, p.external_id))
    FROM (SELECT 1) AS one
    LEFT JOIN bursar.account_request q ON q.source = payee.source
         AND (q.account_ref = payee.account OR payee.account IS NULL AND q.external_id = payee.external_ref)
    LEFT JOIN bursar.payee p ON p.source = payee.source
         AND (p.external_id = coalesce(payee.account, q.account_ref) OR payee.account IS NULL AND q.id IS NULL AND p.external_ref = payee.external_ref)
    LEFT JOIN bursar.account a ON a.id = p.account_id
    WHERE p.id IS NOT NULL OR q.id IS NOT NULL
    ORDER BY p.id LIMIT 1
$$;
CREATE FUNCTION bursar_api.payouts(source text, account text, before timestamptz DEFAULT 'infinity', most integer DEFAULT 50)
RETURNS SETOF jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
    SELECT to_jsonb(f) FROM bursar.payee_payouts(payouts.source, payouts.account, payouts.before, least(greatest(payouts.most, 1), 500)) AS f
$$;
CREATE FUNCTION bursar_api.payout_statement(source text, account text, from_at timestamptz, until_at timestamptz) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
    SELECT jsonb_build_object('source', payout_statement.source, 'account', payout_statement.account, 'from', from_at, 'until', until_at,
        'currencies', (SELECT coalesce(jsonb_object_agg(s.currency, to_jsonb(s) - 'currency'), '{}')
                       FROM bursar.payee_statement(payout_statement.source, payout_statement.account, from_at, until_at) AS s),
        'balances', bursar.payee_balances(payout_statement.source, payout_statement.account))
$$;
COMMENT ON FUNCTION bursar_api.payee(text, text, text) IS
    'An organiser''s account: rights, where he has to go, schedule, holds, balances. By the provider''s id or the app''s own; NULL if there is none.';
COMMENT ON FUNCTION bursar_api.payouts(text, text, timestamptz, integer) IS 'An account''s payouts, newest first.';
COMMENT ON FUNCTION bursar_api.payout_statement(text, text, timestamptz, timestamptz) IS
    'What an account earned, what was taken back and paid out from one instant until before another, per currency.';
REVOKE ALL ON FUNCTION bursar.payee_balances(text, text), bursar.payee_payouts(text, text, timestamptz, integer),
    bursar.payee_statement(text, text, timestamptz, timestamptz), bursar_api.payee(text, text, text),
    bursar_api.payouts(text, text, timestamptz, integer), bursar_api.payout_statement(text, text, timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION bursar.payee_balances(text, text), bursar.payee_payouts(text, text, timestamptz, integer),
    bursar.payee_statement(text, text, timestamptz, timestamptz) TO bursar_app, bursar_maintenance;
GRANT EXECUTE ON FUNCTION bursar_api.payee(text, text, text), bursar_api.payouts(text, text, timestamptz, integer),
    bursar_api.payout_statement(text, text, timestamptz, timestamptz) TO bursar_client, bursar_recv, bursar_app, bursar_maintenance;

-- How payouts and accounts that were asked for stand, by the command's key. Whatever the view knows already, it goes on knowing.
DO $$
BEGIN
    EXECUTE 'CREATE OR REPLACE VIEW bursar.request_outcome AS ' || rtrim(pg_get_viewdef('bursar.request_outcome'::regclass), '; ') || '
        UNION ALL
        SELECT id, ''payout_request'', source, external_id, status, payout_ref, NULL, failure_code, failure_message, NULL, updated_at,
               status IN (''paid'', ''refused'', ''cancelled'', ''returned'', ''failed'')
        FROM bursar.payout_request
        UNION ALL
        SELECT id, ''account_request'', source, external_id, status, account_ref, onboarding_url, failure_code, failure_message, NULL,
               updated_at, status IN (''created'', ''failed'')
        FROM bursar.account_request';
END $$;
