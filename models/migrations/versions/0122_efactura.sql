-- E-Facturas on their way to the ministry (TAX-3). Statuses and moves: billing.rules.states_efactura. `source` is 'anaf', `external_id` the
-- issued document's own reference: one row per document, however often it is sent.

CREATE TABLE bursar.efactura (
    id            uuid        PRIMARY KEY,
    source        text        NOT NULL,
    external_id   text        NOT NULL,
    versions      jsonb       NOT NULL,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    status        text,
    kind          text,
    number        text,
    cif           text,
    b2c           boolean,
    abroad        boolean,
    issued_on     date,
    attempt       bigint,
    sha256        text,
    queued_at     timestamptz,
    uploaded_at   timestamptz,
    decided_at    timestamptz,
    deadline_at   timestamptz,
    alarm_at      timestamptz,
    alarm         text,
    next_poll_at  timestamptz,
    polls         bigint,
    polled_on     date,
    polled_that_day bigint,
    upload_index  text,
    download_id   text,
    papers_at     timestamptz,
    error         text,
    CONSTRAINT efactura_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT efactura_source_check CHECK (source = 'anaf'),
    CONSTRAINT efactura_status_check CHECK (status IN (
        'queued', 'refused_locally', 'uploading', 'unknown', 'processing', 'rejected', 'accepted')),
    CONSTRAINT efactura_kind_check CHECK (kind IN ('invoice', 'credit_note')),
    CONSTRAINT efactura_alarm_check CHECK (alarm IN ('refused', 'near', 'missed')),
    CONSTRAINT efactura_cif_check CHECK (cif ~ '^[0-9]{2,13}$'),
    CONSTRAINT efactura_sha256_check CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    CONSTRAINT efactura_attempt_check CHECK (attempt > 0),
    CONSTRAINT efactura_own_check CHECK (versions = '{}' OR (status IS NOT NULL AND attempt IS NOT NULL AND queued_at IS NOT NULL)),
    -- Nothing leaves whose bytes are not kept, and nothing is in the ministry's hands without its number for it.
    CONSTRAINT efactura_sent_check CHECK (status NOT IN ('uploading', 'unknown', 'processing', 'accepted')
        OR (sha256 IS NOT NULL AND cif IS NOT NULL AND deadline_at IS NOT NULL)),
    CONSTRAINT efactura_index_check CHECK (status NOT IN ('processing', 'accepted') OR upload_index IS NOT NULL),
    CONSTRAINT efactura_polled_check CHECK (polls >= 0 AND polled_that_day >= 0 AND (next_poll_at IS NULL OR status IN ('processing', 'accepted', 'rejected')))
);
CREATE INDEX efactura_queued_idx ON bursar.efactura (queued_at, id) WHERE status = 'queued';
CREATE INDEX efactura_poll_idx ON bursar.efactura (next_poll_at, id) WHERE next_poll_at IS NOT NULL;
CREATE INDEX efactura_open_idx ON bursar.efactura (alarm_at, id) WHERE status <> 'accepted' AND alarm_at IS NOT NULL;
CREATE INDEX efactura_upload_index_idx ON bursar.efactura (upload_index) WHERE upload_index IS NOT NULL;
GRANT SELECT, INSERT, UPDATE ON bursar.efactura TO bursar_app;
GRANT SELECT ON bursar.efactura TO bursar_maintenance;

-- The bytes that were sent, and what came back: the ministry's signature and its answer. They are the legal original, so nobody
-- changes them; what goes after legal retention goes by the maintenance role.
CREATE TABLE bursar.efactura_paper (
    id           uuid        PRIMARY KEY,
    efactura_ref text        NOT NULL,
    attempt      bigint      NOT NULL,
    kind         text        NOT NULL,
    content      bytea       NOT NULL,
    sha256       text        NOT NULL,
    kept_at      timestamptz NOT NULL,
    CONSTRAINT efactura_paper_key UNIQUE (efactura_ref, attempt, kind),
    CONSTRAINT efactura_paper_kind_check CHECK (kind IN ('ubl', 'answer', 'signature')),
    CONSTRAINT efactura_paper_sha256_check CHECK (sha256 = encode(sha256(content), 'hex'))
);
GRANT SELECT, INSERT ON bursar.efactura_paper TO bursar_app;
GRANT SELECT, DELETE ON bursar.efactura_paper TO bursar_maintenance;
CREATE TRIGGER efactura_paper_stays BEFORE UPDATE OR TRUNCATE ON bursar.efactura_paper
    FOR EACH STATEMENT EXECUTE FUNCTION bursar.refuse_change();

-- The tokens with which we may speak to the ministry, sealed (core/sealed.py); one row, whose lock makes refreshing them safe: each
-- refresh may end the token that it was made with.
CREATE TABLE bursar.anaf_token (
    login              text        PRIMARY KEY,
    access_sealed      text        NOT NULL,
    refresh_sealed     text        NOT NULL,
    access_ends_at     timestamptz NOT NULL,
    refresh_ends_at    timestamptz NOT NULL,
    authorised_at      timestamptz NOT NULL,
    refreshed_at       timestamptz NOT NULL,
    refreshes          bigint      NOT NULL DEFAULT 0,
    failed_at          timestamptz,
    error              text,
    CONSTRAINT anaf_token_refreshes_check CHECK (refreshes >= 0)
);
GRANT SELECT, INSERT, UPDATE ON bursar.anaf_token TO bursar_app;
GRANT SELECT ON bursar.anaf_token TO bursar_maintenance;

ALTER TABLE bursar.submission DROP CONSTRAINT submission_source_check;
ALTER TABLE bursar.submission ADD CONSTRAINT submission_source_check CHECK (source IN ('stripe', 'paypal', 'anaf'));
