-- Disputes. Money moves by the funds columns only (DISPUTE-4). Statuses: billing.rules.states_money_out.DISPUTE.
-- `versions` is the merge state: {} for a stub.
CREATE TABLE bursar.dispute (
    id                     uuid        PRIMARY KEY,
    source                 text        NOT NULL,
    external_id            text        NOT NULL,
    versions               jsonb       NOT NULL,
    created_at             timestamptz NOT NULL,
    updated_at             timestamptz NOT NULL,
    amount_minor           bigint,
    currency               text,
    status                 text,
    provider_status        text,
    reason                 text,
    stage                  text,
    evidence_due_at        timestamptz,
    is_charge_refundable   boolean,
    funds_withdrawn_minor  bigint,
    funds_reinstated_minor bigint,
    balance_transactions   jsonb,
    charge_ref             text,
    payment_ref            text,
    account_ref            text,
    metadata               jsonb,
    provider_created_at    timestamptz,
    closed_at              timestamptz,
    charge_id              uuid,
    payment_id             uuid,
    account_id             uuid,
    CONSTRAINT dispute_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT dispute_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT dispute_status_check CHECK (status IN ('appeal_needs_response', 'appeal_under_review', 'lost', 'needs_response', 'prevented', 'under_review', 'unknown', 'warning_closed', 'warning_needs_response', 'warning_under_review', 'won')),
    CONSTRAINT dispute_funds_withdrawn_minor_check CHECK (funds_withdrawn_minor >= 0),
    CONSTRAINT dispute_funds_reinstated_minor_check CHECK (funds_reinstated_minor >= 0)
);
CREATE INDEX dispute_charge_id_idx ON bursar.dispute (charge_id) WHERE charge_id IS NOT NULL;
CREATE INDEX dispute_payment_id_idx ON bursar.dispute (payment_id) WHERE payment_id IS NOT NULL;
CREATE INDEX dispute_account_id_idx ON bursar.dispute (account_id) WHERE account_id IS NOT NULL;
GRANT SELECT, INSERT, UPDATE ON bursar.dispute TO bursar_app;
GRANT SELECT ON bursar.dispute TO bursar_maintenance;
