-- Card networks' early warnings of fraud.
-- `versions` is the merge state: {} for a stub.
CREATE TABLE bursar.fraud_warning (
    id                  uuid        PRIMARY KEY,
    source              text        NOT NULL,
    external_id         text        NOT NULL,
    versions            jsonb       NOT NULL,
    created_at          timestamptz NOT NULL,
    updated_at          timestamptz NOT NULL,
    kind                text,
    actionable          boolean,
    charge_ref          text,
    payment_ref         text,
    account_ref         text,
    provider_created_at timestamptz,
    charge_id           uuid,
    payment_id          uuid,
    CONSTRAINT fraud_warning_source_external_id_key UNIQUE (source, external_id)
);
CREATE INDEX fraud_warning_charge_id_idx ON bursar.fraud_warning (charge_id) WHERE charge_id IS NOT NULL;
CREATE INDEX fraud_warning_payment_id_idx ON bursar.fraud_warning (payment_id) WHERE payment_id IS NOT NULL;
GRANT SELECT, INSERT, UPDATE ON bursar.fraud_warning TO bursar_app;
GRANT SELECT ON bursar.fraud_warning TO bursar_maintenance;
