-- What a customer owes or owed. One row per invoice at a provider.
-- `versions` is the merge state: {} for a stub. *_id columns follow from the *_ref beside them.
CREATE TABLE bursar.invoice (
    id                      uuid        PRIMARY KEY,
    source                  text        NOT NULL,
    external_id             text        NOT NULL,
    versions                jsonb       NOT NULL,
    created_at              timestamptz NOT NULL,
    updated_at              timestamptz NOT NULL,
    status                  text,
    provider_status         text,
    number                  text,
    customer_ref            text,
    subscription_ref        text,
    account_ref             text,
    payment_ref             text,
    charge_ref              text,
    currency                text,
    subtotal_minor          bigint,
    tax_minor               bigint,
    total_minor             bigint,
    amount_due_minor        bigint,
    amount_paid_minor       bigint,
    amount_remaining_minor  bigint,
    billing_reason          text,
    collection_method       text,
    attempt_count           bigint,
    next_payment_attempt_at timestamptz,
    paid_out_of_band        boolean,
    due_at                  timestamptz,
    period_start            timestamptz,
    period_end              timestamptz,
    finalized_at            timestamptz,
    paid_at                 timestamptz,
    voided_at               timestamptz,
    marked_uncollectible_at timestamptz,
    deleted_at              timestamptz,
    finalization_error      text,
    lines                   jsonb,
    metadata                jsonb,
    provider_created_at     timestamptz,
    customer_id             uuid,
    subscription_id         uuid,
    account_id              uuid,
    CONSTRAINT invoice_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT invoice_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT invoice_status_check CHECK (status IN ('draft', 'paid', 'pending', 'uncollectible', 'unknown', 'void'))
);
CREATE INDEX invoice_customer_id_idx ON bursar.invoice (customer_id) WHERE customer_id IS NOT NULL;
CREATE INDEX invoice_subscription_id_idx ON bursar.invoice (subscription_id) WHERE subscription_id IS NOT NULL;
CREATE INDEX invoice_account_id_idx ON bursar.invoice (account_id) WHERE account_id IS NOT NULL;
CREATE VIEW bursar.invoice_line AS
    SELECT i.id AS invoice_id, i.source, i.external_id AS invoice_ref, line.*
    FROM bursar.invoice i CROSS JOIN LATERAL jsonb_to_recordset(i.lines) AS line(
        id text, amount_minor bigint, currency text, quantity bigint, description text, proration boolean,
        price_ref text, product_ref text, subscription_ref text, period_start timestamptz, period_end timestamptz);
GRANT SELECT ON bursar.invoice_line TO bursar_app, bursar_maintenance;
GRANT SELECT, INSERT, UPDATE ON bursar.invoice TO bursar_app;
GRANT SELECT ON bursar.invoice TO bursar_maintenance;
