-- Where payouts go: bank accounts and cards, by the last digits only (PAYOUT-8).
-- `versions` is the merge state: {} for a stub.
CREATE TABLE bursar.external_account (
    id                   uuid        PRIMARY KEY,
    source               text        NOT NULL,
    external_id          text        NOT NULL,
    versions             jsonb       NOT NULL,
    created_at           timestamptz NOT NULL,
    updated_at           timestamptz NOT NULL,
    kind                 text,
    status               text,
    provider_status      text,
    account_ref          text,
    bank_name            text,
    country              text,
    currency             text,
    last4                text,
    holder_kind          text,
    fingerprint          text,
    default_for_currency boolean,
    deleted_at           timestamptz,
    account_id           uuid,
    CONSTRAINT external_account_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT external_account_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT external_account_status_check CHECK (status IN ('deleted', 'errored', 'new', 'unknown', 'validated', 'verification_failed', 'verified')),
    CONSTRAINT external_account_last4_check CHECK (length(last4) <= 4),
    CONSTRAINT external_account_kind_check CHECK (kind IN ('bank_account', 'card', 'unknown'))
);
CREATE INDEX external_account_account_id_idx ON bursar.external_account (account_id) WHERE account_id IS NOT NULL;
GRANT SELECT, INSERT, UPDATE ON bursar.external_account TO bursar_app;
GRANT SELECT ON bursar.external_account TO bursar_maintenance;
