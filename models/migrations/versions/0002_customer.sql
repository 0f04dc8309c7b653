-- Who pays. `versions` is the merge state: {} for a stub (a row known only by reference).
CREATE TABLE bursar.customer (
    id          uuid        PRIMARY KEY,
    source      text        NOT NULL,
    external_id text        NOT NULL,
    versions    jsonb       NOT NULL,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    email       text,
    name        text,
    currency    text,
    balance_minor bigint,
    delinquent  boolean,
    default_payment_method_ref text,
    tax_exempt  text,
    metadata    jsonb,
    deleted_at  timestamptz,
    CONSTRAINT customer_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT customer_email_check CHECK (email = lower(btrim(email))),
    CONSTRAINT customer_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT customer_tax_exempt_check CHECK (tax_exempt IN ('none', 'exempt', 'reverse'))
);
GRANT SELECT, INSERT, UPDATE ON bursar.customer TO bursar_app;
GRANT SELECT ON bursar.customer TO bursar_maintenance;
