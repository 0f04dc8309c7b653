-- Connected accounts (PAYOUT-13).
-- `versions` is the merge state: {} for a stub.
CREATE TABLE bursar.account (
    id                  uuid        PRIMARY KEY,
    source              text        NOT NULL,
    external_id         text        NOT NULL,
    versions            jsonb       NOT NULL,
    created_at          timestamptz NOT NULL,
    updated_at          timestamptz NOT NULL,
    kind                text,
    email               text,
    country             text,
    currency            text,
    charges_enabled     boolean,
    payouts_enabled     boolean,
    details_submitted   boolean,
    disabled_reason     text,
    requirements        jsonb,
    capabilities        jsonb,
    authorized          boolean,
    metadata            jsonb,
    provider_created_at timestamptz,
    CONSTRAINT account_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT account_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT account_email_check CHECK (email = lower(btrim(email)))
);
GRANT SELECT, INSERT, UPDATE ON bursar.account TO bursar_app;
GRANT SELECT ON bursar.account TO bursar_maintenance;
