-- The platform's share of connected accounts' charges.
-- `versions` is the merge state: {} for a stub.
CREATE TABLE bursar.application_fee (
    id                      uuid        PRIMARY KEY,
    source                  text        NOT NULL,
    external_id             text        NOT NULL,
    versions                jsonb       NOT NULL,
    created_at              timestamptz NOT NULL,
    updated_at              timestamptz NOT NULL,
    amount_minor            bigint,
    refunded_minor          bigint,
    currency                text,
    account_ref             text,
    charge_ref              text,
    balance_transaction_ref text,
    provider_created_at     timestamptz,
    account_id              uuid,
    charge_id               uuid,
    CONSTRAINT application_fee_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT application_fee_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT application_fee_refunded_minor_check CHECK (refunded_minor >= 0)
);
CREATE INDEX application_fee_account_id_idx ON bursar.application_fee (account_id) WHERE account_id IS NOT NULL;
CREATE INDEX application_fee_charge_id_idx ON bursar.application_fee (charge_id) WHERE charge_id IS NOT NULL;
GRANT SELECT, INSERT, UPDATE ON bursar.application_fee TO bursar_app;
GRANT SELECT ON bursar.application_fee TO bursar_maintenance;
