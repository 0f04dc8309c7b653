-- A customer's ways to pay.
-- `versions` is the merge state: {} for a stub. *_id columns follow from the *_ref beside them.
CREATE TABLE bursar.payment_method (
    id                  uuid        PRIMARY KEY,
    source              text        NOT NULL,
    external_id         text        NOT NULL,
    versions            jsonb       NOT NULL,
    created_at          timestamptz NOT NULL,
    updated_at          timestamptz NOT NULL,
    kind                text,
    customer_ref        text,
    account_ref         text,
    brand               text,
    last4               text,
    exp_month           bigint,
    exp_year            bigint,
    country             text,
    funding             text,
    detached_at         timestamptz,
    metadata            jsonb,
    provider_created_at timestamptz,
    customer_id         uuid,
    account_id          uuid,
    CONSTRAINT payment_method_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT payment_method_last4_check CHECK (length(last4) <= 4)
);
CREATE INDEX payment_method_customer_id_idx ON bursar.payment_method (customer_id) WHERE customer_id IS NOT NULL;
CREATE INDEX payment_method_account_id_idx ON bursar.payment_method (account_id) WHERE account_id IS NOT NULL;
GRANT SELECT, INSERT, UPDATE ON bursar.payment_method TO bursar_app;
GRANT SELECT ON bursar.payment_method TO bursar_maintenance;
