-- Our own billing: who subscribes, what there is to buy, and the periods of what we bill ourselves (SUB-1, PRICE-1). What we bill
-- is a row of the same tables as what providers bill, with source 'bursar'. Statuses: billing.rules.states_subscribers.

-- Who pays us, by the app's own id: one row over all providers' customers. Whoever changes anything of a subscriber locks this row first.
CREATE TABLE bursar.subscriber (
    id                  uuid        PRIMARY KEY,
    source              text        NOT NULL,
    external_id         text        NOT NULL,
    versions            jsonb       NOT NULL,
    created_at          timestamptz NOT NULL,
    updated_at          timestamptz NOT NULL,
    status              text,
    email               text,
    name                text,
    country             text,
    language            text,
    zone                text,
    segment             text,
    pay_source          text,
    pay_customer_ref    text,
    payment_method_ref  text,
    dunning_policy_ref  text,
    trial_used_at       timestamptz,
    suspended_at        timestamptz,
    suspended_because   text,
    CONSTRAINT subscriber_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT subscriber_source_check CHECK (source = 'bursar'),
    CONSTRAINT subscriber_status_check CHECK (status IN ('active', 'cancelled', 'free', 'pending_payment', 'suspended', 'trial')),
    CONSTRAINT subscriber_pay_source_check CHECK (pay_source IN ('manual', 'paypal', 'stripe')),
    CONSTRAINT subscriber_country_check CHECK (country ~ '^[A-Z]{2}$'),
    CONSTRAINT subscriber_suspended_check CHECK ((suspended_at IS NULL) = (suspended_because IS NULL))
);
CREATE UNIQUE INDEX subscriber_pay_customer_key ON bursar.subscriber (pay_source, pay_customer_ref) WHERE pay_customer_ref IS NOT NULL;

-- What there is to buy: a plan or a package of credits. Limits are what the entitlement snapshot publishes.
CREATE TABLE bursar.product (
    id                     uuid        PRIMARY KEY,
    source                 text        NOT NULL,
    external_id            text        NOT NULL,
    versions               jsonb       NOT NULL,
    created_at             timestamptz NOT NULL,
    updated_at             timestamptz NOT NULL,
    status                 text,
    kind                   text,
    name                   text,
    free                   boolean,
    limits                 jsonb,
    credits                bigint,
    credit_validity_months bigint,
    trial_days             bigint,
    trial_needs_method     boolean,
    trial_grace_days       bigint,
    trial_notice_days      bigint,
    dunning_policy_ref     text,
    seat_proration         text,
    CONSTRAINT product_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT product_source_check CHECK (source = 'bursar'),
    CONSTRAINT product_status_check CHECK (status IN ('offered', 'retired')),
    CONSTRAINT product_kind_check CHECK (kind IN ('credit_package', 'plan')),
    CONSTRAINT product_credits_check CHECK (credits >= 0),
    CONSTRAINT product_credit_validity_months_check CHECK (credit_validity_months > 0),
    CONSTRAINT product_trial_days_check CHECK (trial_days >= 0 AND trial_grace_days >= 0 AND trial_notice_days >= 0),
    CONSTRAINT product_seat_proration_check CHECK (seat_proration IN ('accrue', 'charge'))
);

-- A version of a price: never changed once published; the next version is a new row (PRICE-1, PRICE-2).
-- external_id: <product>:<count><unit>:<currency>:v<version>.
CREATE TABLE bursar.price (
    id                         uuid        PRIMARY KEY,
    source                     text        NOT NULL,
    external_id                text        NOT NULL,
    versions                   jsonb       NOT NULL,
    created_at                 timestamptz NOT NULL,
    updated_at                 timestamptz NOT NULL,
    product_ref                text,
    cycle_unit                 text,
    cycle_count                bigint,
    currency                   text,
    version                    bigint,
    unit_amount_minor          bigint,
    effective_for_new_at       timestamptz,
    effective_for_existing_at  timestamptz,
    notice_days                bigint,
    published_at               timestamptz,
    published_by               text,
    reason                     text,
    CONSTRAINT price_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT price_source_check CHECK (source = 'bursar'),
    CONSTRAINT price_version_key UNIQUE (product_ref, cycle_unit, cycle_count, currency, version),
    CONSTRAINT price_cycle_unit_check CHECK (cycle_unit IN ('day', 'month', 'once', 'week', 'year')),
    CONSTRAINT price_cycle_count_check CHECK (cycle_count > 0),
    CONSTRAINT price_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT price_version_check CHECK (version > 0),
    CONSTRAINT price_unit_amount_minor_check CHECK (unit_amount_minor BETWEEN 0 AND 100000000),
    CONSTRAINT price_notice_days_check CHECK (notice_days >= 0)
);

ALTER TABLE bursar.subscription
    ADD COLUMN subscriber_ref     text,
    ADD COLUMN product_ref        text,
    ADD COLUMN price_ref          text,
    ADD COLUMN unit_price_minor   bigint,
    ADD COLUMN collection         text,
    ADD COLUMN zone               text,
    ADD COLUMN anchor_at          timestamptz,
    ADD COLUMN cycle_no           bigint,
    ADD COLUMN next_billing_at    timestamptz,
    ADD COLUMN grace_until        timestamptz,
    ADD COLUMN pending_change     jsonb,
    ADD COLUMN promo_ref          text,
    ADD COLUMN parked_at          timestamptz,
    ADD COLUMN parked_because     text,
    ADD CONSTRAINT subscription_collection_check CHECK (collection IN ('automatic', 'manual')),
    ADD CONSTRAINT subscription_cycle_no_check CHECK (cycle_no >= 0),
    ADD CONSTRAINT subscription_unit_price_minor_check CHECK (unit_price_minor BETWEEN 0 AND 100000000),
    ADD CONSTRAINT subscription_parked_check CHECK ((parked_at IS NULL) = (parked_because IS NULL));
CREATE INDEX subscription_next_billing_idx ON bursar.subscription (next_billing_at, id) WHERE next_billing_at IS NOT NULL AND parked_at IS NULL;
CREATE INDEX subscription_subscriber_ref_idx ON bursar.subscription (subscriber_ref) WHERE subscriber_ref IS NOT NULL;

ALTER TABLE bursar.invoice
    ADD COLUMN invoice_type          text,
    ADD COLUMN subscriber_ref        text,
    ADD COLUMN product_ref           text,
    ADD COLUMN package_credits       bigint,
    ADD COLUMN discount_minor        bigint,
    ADD COLUMN credit_applied_minor  bigint,
    ADD COLUMN expires_at            timestamptz,
    ADD COLUMN expiry_reminded_at    timestamptz,
    ADD COLUMN confirmation_since    timestamptz,
    ADD COLUMN void_because          text,
    ADD COLUMN reason                text,
    ADD COLUMN actor                 text,
    ADD CONSTRAINT invoice_type_check CHECK (invoice_type IN ('course', 'credit_package', 'custom', 'event', 'proration', 'subscription')),
    ADD CONSTRAINT invoice_own_check CHECK (source <> 'bursar' OR versions = '{}' OR (invoice_type IS NOT NULL AND subscriber_ref IS NOT NULL
        AND currency IS NOT NULL AND total_minor >= 0 AND amount_paid_minor BETWEEN 0 AND total_minor)),
    -- CRED-4: what a package gives is frozen on its invoice.
    ADD CONSTRAINT invoice_package_check CHECK (source <> 'bursar' OR (invoice_type = 'credit_package') = (package_credits IS NOT NULL));
CREATE INDEX invoice_subscriber_ref_idx ON bursar.invoice (subscriber_ref) WHERE subscriber_ref IS NOT NULL;
CREATE INDEX invoice_expires_at_idx ON bursar.invoice (expires_at, id) WHERE status = 'pending' AND expires_at IS NOT NULL;

-- What is billed once: the primary promise against a second renewal is this key (SUB-3). Append-only but for `settled_at`.
CREATE TABLE bursar.subscription_period (
    id                uuid        PRIMARY KEY,
    source            text        NOT NULL,
    subscription_ref  text        NOT NULL,
    period_start      timestamptz NOT NULL,
    period_end        timestamptz NOT NULL,
    cycle_no          bigint,
    quantity          bigint,
    unit_price_minor  bigint,
    currency          text,
    price_ref         text,
    invoice_ref       text,
    opened_at         timestamptz NOT NULL,
    CONSTRAINT subscription_period_start_key UNIQUE (source, subscription_ref, period_start),
    CONSTRAINT subscription_period_order_check CHECK (period_end > period_start),
    CONSTRAINT subscription_period_currency_check CHECK (currency ~ '^[A-Z]{3}$')
);
CREATE TRIGGER subscription_period_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON bursar.subscription_period
    FOR EACH STATEMENT EXECUTE FUNCTION bursar.refuse_change();

-- Whose own invoice a payment pays, so that he is locked before anything of his.
ALTER TABLE bursar.payment_request ADD COLUMN subscriber_ref text;

-- What a payment of an own invoice is for.
ALTER TABLE bursar.fulfilment DROP CONSTRAINT fulfilment_purpose_check,
    ADD CONSTRAINT fulfilment_purpose_check CHECK (purpose IN ('course_enrolment', 'credit_package', 'event_registration', 'invoice', 'subscription'));

-- What a run could not do, item by item: it is tried again at `next_at`, and stops nothing else meanwhile (promise 7).
CREATE TABLE bursar.run_failure (
    job         text        NOT NULL,
    item        text        NOT NULL,
    tries       bigint      NOT NULL,
    first_at    timestamptz NOT NULL,
    last_at     timestamptz NOT NULL,
    next_at     timestamptz NOT NULL,
    error       text        NOT NULL,
    CONSTRAINT run_failure_pkey PRIMARY KEY (job, item),
    CONSTRAINT run_failure_tries_check CHECK (tries > 0)
);

GRANT SELECT, INSERT, UPDATE ON bursar.subscriber, bursar.product, bursar.price TO bursar_app;
GRANT SELECT, INSERT ON bursar.subscription_period TO bursar_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON bursar.run_failure TO bursar_app;
GRANT SELECT ON bursar.subscriber, bursar.product, bursar.price, bursar.subscription_period, bursar.run_failure TO bursar_maintenance;
