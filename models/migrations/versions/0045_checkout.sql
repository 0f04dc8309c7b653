-- What a payer set out to buy, and for which purpose (PAY-9).
-- `versions` is the merge state: {} for a stub. *_id columns follow from the *_ref beside them.
CREATE TABLE bursar.checkout (
    id                  uuid        PRIMARY KEY,
    source              text        NOT NULL,
    external_id         text        NOT NULL,
    versions            jsonb       NOT NULL,
    created_at          timestamptz NOT NULL,
    updated_at          timestamptz NOT NULL,
    status              text,
    provider_status     text,
    payment_status      text,
    mode                text,
    purpose             text,
    purpose_ref         text,
    customer_ref        text,
    account_ref         text,
    payment_ref         text,
    subscription_ref    text,
    invoice_ref         text,
    client_reference    text,
    currency            text,
    amount_total_minor  bigint,
    expires_at          timestamptz,
    metadata            jsonb,
    provider_created_at timestamptz,
    purchase_status     text,
    customer_id         uuid,
    account_id          uuid,
    payment_id          uuid,
    subscription_id     uuid,
    invoice_id          uuid,
    CONSTRAINT checkout_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT checkout_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT checkout_status_check CHECK (status IN ('complete', 'expired', 'open', 'unknown')),
    CONSTRAINT checkout_payment_status_check CHECK (payment_status IN ('failed', 'no_payment_required', 'paid', 'unpaid', 'unknown')),
    CONSTRAINT checkout_purpose_check CHECK (purpose IN ('course_enrolment', 'credit_package', 'event_registration', 'subscription', 'undeclared')),
    CONSTRAINT checkout_purchase_status_check CHECK (purchase_status IN ('expired', 'failed', 'paid', 'pending'))
);
CREATE INDEX checkout_customer_id_idx ON bursar.checkout (customer_id) WHERE customer_id IS NOT NULL;
CREATE INDEX checkout_account_id_idx ON bursar.checkout (account_id) WHERE account_id IS NOT NULL;
CREATE INDEX checkout_payment_id_idx ON bursar.checkout (payment_id) WHERE payment_id IS NOT NULL;
CREATE INDEX checkout_subscription_id_idx ON bursar.checkout (subscription_id) WHERE subscription_id IS NOT NULL;
CREATE INDEX checkout_invoice_id_idx ON bursar.checkout (invoice_id) WHERE invoice_id IS NOT NULL;
GRANT SELECT, INSERT, UPDATE ON bursar.checkout TO bursar_app;
GRANT SELECT ON bursar.checkout TO bursar_maintenance;
