-- What a customer is subscribed to. One row per subscription at a provider.
-- `versions` is the merge state: {} for a stub. *_id columns follow from the *_ref beside them.
CREATE TABLE bursar.subscription (
    id                         uuid        PRIMARY KEY,
    source                     text        NOT NULL,
    external_id                text        NOT NULL,
    versions                   jsonb       NOT NULL,
    created_at                 timestamptz NOT NULL,
    updated_at                 timestamptz NOT NULL,
    status                     text,
    provider_status            text,
    customer_ref               text,
    account_ref                text,
    currency                   text,
    cycle_unit                 text,
    cycle_count                bigint,
    quantity                   bigint,
    items                      jsonb,
    current_period_start       timestamptz,
    current_period_end         timestamptz,
    started_at                 timestamptz,
    trial_start_at             timestamptz,
    trial_end_at               timestamptz,
    cancel_at_period_end       boolean,
    cancel_at                  timestamptz,
    cancelled_at               timestamptz,
    cancellation_reason        text,
    ended_at                   timestamptz,
    collection_method          text,
    latest_invoice_ref         text,
    default_payment_method_ref text,
    plan_ref                   text,
    metadata                   jsonb,
    provider_created_at        timestamptz,
    customer_id                uuid,
    account_id                 uuid,
    CONSTRAINT subscription_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT subscription_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT subscription_status_check CHECK (status IN ('active', 'cancelled', 'expired', 'past_due', 'paused', 'pending', 'pending_renewal', 'trialing', 'unknown', 'unpaid')),
    CONSTRAINT subscription_cycle_unit_check CHECK (cycle_unit IN ('day', 'month', 'week', 'year')),
    CONSTRAINT subscription_cycle_count_check CHECK (cycle_count > 0)
);
CREATE INDEX subscription_customer_id_idx ON bursar.subscription (customer_id) WHERE customer_id IS NOT NULL;
CREATE INDEX subscription_account_id_idx ON bursar.subscription (account_id) WHERE account_id IS NOT NULL;
GRANT SELECT, INSERT, UPDATE ON bursar.subscription TO bursar_app;
GRANT SELECT ON bursar.subscription TO bursar_maintenance;
