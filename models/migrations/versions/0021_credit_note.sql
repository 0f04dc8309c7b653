-- Credit notes as the provider issued them.
-- `versions` is the merge state: {} for a stub.
CREATE TABLE bursar.credit_note (
    id                  uuid        PRIMARY KEY,
    source              text        NOT NULL,
    external_id         text        NOT NULL,
    versions            jsonb       NOT NULL,
    created_at          timestamptz NOT NULL,
    updated_at          timestamptz NOT NULL,
    number              text,
    kind                text,
    status              text,
    provider_status     text,
    reason              text,
    currency            text,
    amount_minor        bigint,
    subtotal_minor      bigint,
    tax_minor           bigint,
    pre_payment_minor   bigint,
    post_payment_minor  bigint,
    out_of_band_minor   bigint,
    refund_refs         jsonb,
    invoice_ref         text,
    customer_ref        text,
    account_ref         text,
    metadata            jsonb,
    provider_created_at timestamptz,
    voided_at           timestamptz,
    invoice_id          uuid,
    customer_id         uuid,
    CONSTRAINT credit_note_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT credit_note_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT credit_note_status_check CHECK (status IN ('issued', 'unknown', 'void'))
);
CREATE INDEX credit_note_invoice_id_idx ON bursar.credit_note (invoice_id) WHERE invoice_id IS NOT NULL;
CREATE INDEX credit_note_customer_id_idx ON bursar.credit_note (customer_id) WHERE customer_id IS NOT NULL;
GRANT SELECT, INSERT, UPDATE ON bursar.credit_note TO bursar_app;
GRANT SELECT ON bursar.credit_note TO bursar_maintenance;
