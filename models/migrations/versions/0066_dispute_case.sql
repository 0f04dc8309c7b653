-- What we do about disputes (DISPUTE-1 to 3): our side of each, and what we ask the provider for. Statuses: billing.rules.states_requests.
-- `versions` is {} for a row that is known only because a provider's object named it.
CREATE TABLE bursar.dispute_case (
    id                uuid        PRIMARY KEY,
    source            text        NOT NULL,
    external_id       text        NOT NULL,
    versions          jsonb       NOT NULL,
    created_at        timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL,
    status            text,
    account_ref       text,
    assigned_to       text,
    notes             jsonb,
    response_ref      text,
    -- What of the disputed money is with the payee no longer: asked for and not refused, less what was given back.
    taken_minor       bigint,
    taken_currency    text,
    steps             bigint,
    short_minor       bigint,
    evidence_due_at   timestamptz,
    alerted_at        timestamptz,
    CONSTRAINT dispute_case_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT dispute_case_status_check CHECK (status IN ('answered', 'closed', 'open')),
    CONSTRAINT dispute_case_taken_currency_check CHECK (taken_currency ~ '^[A-Z]{3}$'),
    CONSTRAINT dispute_case_taken_minor_check CHECK (taken_minor >= 0),
    CONSTRAINT dispute_case_short_minor_check CHECK (short_minor >= 0)
);
-- What operators were not told of yet, and whose deadline comes.
CREATE INDEX dispute_case_untold_idx ON bursar.dispute_case (created_at) WHERE alerted_at IS NULL;
CREATE INDEX dispute_case_due_idx ON bursar.dispute_case (evidence_due_at) WHERE status = 'open';

CREATE TABLE bursar.dispute_response (
    id              uuid        PRIMARY KEY,
    source          text        NOT NULL,
    external_id     text        NOT NULL,
    versions        jsonb       NOT NULL,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    status          text,
    kind            text,
    dispute_ref     text,
    evidence        jsonb,
    amount_minor    bigint,
    currency        text,
    reason          text,
    actor           text,
    note            text,
    failure_code    text,
    failure_message text,
    requested_at    timestamptz,
    completed_at    timestamptz,
    CONSTRAINT dispute_response_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT dispute_response_status_check CHECK (status IN ('failed', 'made', 'requested')),
    CONSTRAINT dispute_response_kind_check CHECK (kind IN ('accept', 'evidence')),
    CONSTRAINT dispute_response_currency_check CHECK (currency ~ '^[A-Z]{3}$')
);
CREATE INDEX dispute_response_dispute_ref_idx ON bursar.dispute_response (source, dispute_ref) WHERE dispute_ref IS NOT NULL;

-- How disputes stand for what was paid, kept with the row whose lock is held when one of them is told (billing.rules.disputed).
ALTER TABLE bursar.charge ADD COLUMN disputes jsonb, ADD COLUMN dispute_standing text;
ALTER TABLE bursar.payment ADD COLUMN disputes jsonb, ADD COLUMN dispute_standing text;
ALTER TABLE bursar.charge ADD CONSTRAINT charge_dispute_standing_check CHECK (
    dispute_standing IN ('charged_back', 'disputed', 'no_loss', 'won'));
ALTER TABLE bursar.payment ADD CONSTRAINT payment_dispute_standing_check CHECK (
    dispute_standing IN ('charged_back', 'disputed', 'no_loss', 'won'));

GRANT SELECT, INSERT, UPDATE ON bursar.dispute_case, bursar.dispute_response TO bursar_app;
GRANT SELECT ON bursar.dispute_case, bursar.dispute_response TO bursar_maintenance;
