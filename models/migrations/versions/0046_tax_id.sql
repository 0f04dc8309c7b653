-- A customer's tax numbers.
-- `versions` is the merge state: {} for a stub. *_id columns follow from the *_ref beside them.
CREATE TABLE bursar.tax_id (
    id                  uuid        PRIMARY KEY,
    source              text        NOT NULL,
    external_id         text        NOT NULL,
    versions            jsonb       NOT NULL,
    created_at          timestamptz NOT NULL,
    updated_at          timestamptz NOT NULL,
    customer_ref        text,
    kind                text,
    value               text,
    country             text,
    verification_status text,
    deleted_at          timestamptz,
    provider_created_at timestamptz,
    customer_id         uuid,
    CONSTRAINT tax_id_source_external_id_key UNIQUE (source, external_id)
);
CREATE INDEX tax_id_customer_id_idx ON bursar.tax_id (customer_id) WHERE customer_id IS NOT NULL;
GRANT SELECT, INSERT, UPDATE ON bursar.tax_id TO bursar_app;
GRANT SELECT ON bursar.tax_id TO bursar_maintenance;
