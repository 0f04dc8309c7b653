-- Reconciliation (RECON-1 to RECON-9): runs, what they found, and the provider's rows while a run compares them.
-- Statuses: billing.rules.states_recon. `versions` is {} for a row that is known only because a command named it.
CREATE TABLE bursar.recon_run (
    id           uuid        PRIMARY KEY,
    source       text        NOT NULL,
    external_id  text        NOT NULL,
    versions     jsonb       NOT NULL,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    status       text,
    -- Objects that the provider made in [since, until) are compared.
    since_at     timestamptz,
    until_at     timestamptz,
    objects      jsonb,
    accounts     jsonb,
    -- Where to go on: the number of the step, and the last object listed in it.
    step         bigint,
    cursor       text,
    staged       bigint,
    counts       jsonb,
    actor        text,
    reason       text,
    requested_at timestamptz,
    completed_at timestamptz,
    CONSTRAINT recon_run_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT recon_run_status_check CHECK (status IN ('abandoned', 'asked', 'done', 'running')),
    CONSTRAINT recon_run_window_check CHECK (since_at < until_at)
);
CREATE INDEX recon_run_open_idx ON bursar.recon_run (requested_at) WHERE status IN ('asked', 'running');

-- One row per discrepancy, however many runs see it: external_id is <kind>:<object type>:<object>.
CREATE TABLE bursar.finding (
    id               uuid        PRIMARY KEY,
    source           text        NOT NULL,
    external_id      text        NOT NULL,
    versions         jsonb       NOT NULL,
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL,
    kind             text,
    severity         text,
    object_type      text,
    object_ref       text,
    account_ref      text,
    ours_minor       bigint,
    theirs_minor     bigint,
    currency         text,
    detail           jsonb,
    repair           text,
    status           text,
    object_at        timestamptz,
    first_run        text,
    last_run         text,
    first_seen_at    timestamptz,
    last_seen_at     timestamptz,
    repair_asked_at  timestamptz,
    repair_asked_by  text,
    accepted_at      timestamptz,
    accepted_by      text,
    accepted_reason  text,
    CONSTRAINT finding_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT finding_status_check CHECK (status IN ('accepted', 'gone', 'open', 'repaired')),
    CONSTRAINT finding_severity_check CHECK (severity IN ('high', 'low', 'medium')),
    CONSTRAINT finding_accepted_check CHECK (status <> 'accepted' OR accepted_reason <> '')
);
CREATE INDEX finding_open_idx ON bursar.finding (source, object_type, last_seen_at) WHERE status = 'open';
CREATE INDEX finding_object_ref_idx ON bursar.finding (object_ref);

-- What the provider listed, for the time of one run: not worth the log, and emptied by a crash, after which a run lists again.
CREATE UNLOGGED TABLE bursar.recon_staged (
    object       text        NOT NULL,
    external_id  text        NOT NULL,
    account_ref  text,
    amount_minor bigint,
    fee_minor    bigint,
    back_minor   bigint,
    currency     text,
    status       text,
    said         text,
    kind         text,
    parent_ref   text,
    txn_ref      text,
    customer_ref text,
    request      text,
    created_at   timestamptz
) WITH (autovacuum_enabled = false);
GRANT SELECT, INSERT, UPDATE ON bursar.recon_run, bursar.finding TO bursar_app;
GRANT SELECT, INSERT, TRUNCATE ON bursar.recon_staged TO bursar_app;
GRANT SELECT ON bursar.recon_run, bursar.finding, bursar.recon_staged TO bursar_maintenance;
