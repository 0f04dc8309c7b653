-- One try to take a payment's money. One row per charge, capture or sale at a provider.
-- `versions` is the merge state: {} for a stub. *_id columns follow from the *_ref beside them.
CREATE TABLE bursar.charge (
    id                      uuid        PRIMARY KEY,
    source                  text        NOT NULL,
    external_id             text        NOT NULL,
    versions                jsonb       NOT NULL,
    created_at              timestamptz NOT NULL,
    updated_at              timestamptz NOT NULL,
    status                  text,
    provider_status         text,
    amount_minor            bigint,
    amount_captured_minor   bigint,
    amount_refunded_minor   bigint,
    currency                text,
    captured                boolean,
    disputed                boolean,
    payment_ref             text,
    customer_ref            text,
    invoice_ref             text,
    account_ref             text,
    payment_method_ref      text,
    balance_transaction_ref text,
    transfer_ref            text,
    application_fee_ref     text,
    application_fee_minor   bigint,
    failure_code            text,
    failure_message         text,
    decline_code            text,
    risk_level              text,
    method_kind             text,
    metadata                jsonb,
    provider_created_at     timestamptz,
    payment_refs            jsonb,
    refund_shares           jsonb,
    refunded_minor          bigint,
    payment_id              uuid,
    customer_id             uuid,
    invoice_id              uuid,
    account_id              uuid,
    CONSTRAINT charge_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT charge_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT charge_status_check CHECK (status IN ('authorised', 'cancelled', 'failed', 'pending', 'succeeded', 'unknown')),
    CONSTRAINT charge_refunded_minor_check CHECK (refunded_minor >= 0),
    CONSTRAINT charge_amount_minor_check CHECK (amount_minor >= 0)
);
CREATE INDEX charge_payment_id_idx ON bursar.charge (payment_id) WHERE payment_id IS NOT NULL;
CREATE INDEX charge_customer_id_idx ON bursar.charge (customer_id) WHERE customer_id IS NOT NULL;
CREATE INDEX charge_invoice_id_idx ON bursar.charge (invoice_id) WHERE invoice_id IS NOT NULL;
CREATE INDEX charge_account_id_idx ON bursar.charge (account_id) WHERE account_id IS NOT NULL;
GRANT SELECT, INSERT, UPDATE ON bursar.charge TO bursar_app;
GRANT SELECT ON bursar.charge TO bursar_maintenance;
