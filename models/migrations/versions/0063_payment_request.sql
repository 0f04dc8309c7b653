-- What Bursar asks providers for when it takes money (PAY-2, PAY-17, PAY-18), and what payers are owed for it (PAY-9). Statuses:
-- billing.rules.states_charges. `versions` is {} for a row that is known only because a provider's object named it.
CREATE TABLE bursar.payment_request (
    id                           uuid        PRIMARY KEY,
    source                       text        NOT NULL,
    external_id                  text        NOT NULL,
    versions                     jsonb       NOT NULL,
    created_at                   timestamptz NOT NULL,
    updated_at                   timestamptz NOT NULL,
    status                       text,
    amount_minor                 bigint,
    carried_minor                bigint,
    currency                     text,
    customer_ref                 text,
    payment_method_ref           text,
    method                       text,
    country                      text,
    invoice_ref                  text,
    purpose                      text,
    purpose_ref                  text,
    description                  text,
    application_fee_minor        bigint,
    application_fee_basis_points bigint,
    destination_ref              text,
    off_session                  boolean,
    return_url                   text,
    attempt                      bigint,
    retry_wanted                 boolean,
    cancel_wanted                boolean,
    payment_ref                  text,
    url                          text,
    failure_code                 text,
    failure_message              text,
    decline_code                 text,
    reason                       text,
    actor                        text,
    note                         text,
    requested_at                 timestamptz,
    completed_at                 timestamptz,
    CONSTRAINT payment_request_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT payment_request_status_check CHECK (status IN ('cancelled', 'carried_over', 'failed', 'pending', 'processing', 'requires_action', 'succeeded')),
    CONSTRAINT payment_request_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    -- PAY-12: no command moves more; what is carried over comes on top and is small by its nature.
    CONSTRAINT payment_request_amount_minor_check CHECK (amount_minor BETWEEN 1 AND 100000000),
    CONSTRAINT payment_request_carried_minor_check CHECK (carried_minor >= 0),
    CONSTRAINT payment_request_fee_check CHECK (application_fee_minor BETWEEN 0 AND amount_minor + carried_minor),
    CONSTRAINT payment_request_attempt_check CHECK (attempt >= 0)
);
CREATE INDEX payment_request_payment_ref_idx ON bursar.payment_request (source, payment_ref) WHERE payment_ref IS NOT NULL;
CREATE INDEX payment_request_customer_ref_idx ON bursar.payment_request (customer_ref) WHERE customer_ref IS NOT NULL;

CREATE TABLE bursar.checkout_request (
    id                           uuid        PRIMARY KEY,
    source                       text        NOT NULL,
    external_id                  text        NOT NULL,
    versions                     jsonb       NOT NULL,
    created_at                   timestamptz NOT NULL,
    updated_at                   timestamptz NOT NULL,
    status                       text,
    mode                         text,
    amount_minor                 bigint,
    currency                     text,
    lines                        jsonb,
    purpose                      text,
    purpose_ref                  text,
    customer_ref                 text,
    external_ref                 text,
    country                      text,
    success_url                  text,
    cancel_url                   text,
    application_fee_minor        bigint,
    application_fee_basis_points bigint,
    destination_ref              text,
    expires_at                   timestamptz,
    expire_wanted                boolean,
    attempt                      bigint,
    checkout_ref                 text,
    payment_ref                  text,
    url                          text,
    failure_code                 text,
    failure_message              text,
    metadata                     jsonb,
    reason                       text,
    actor                        text,
    note                         text,
    requested_at                 timestamptz,
    completed_at                 timestamptz,
    CONSTRAINT checkout_request_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT checkout_request_status_check CHECK (status IN ('approved', 'completed', 'expired', 'failed', 'open', 'pending')),
    CONSTRAINT checkout_request_mode_check CHECK (mode IN ('payment', 'setup', 'subscription')),
    CONSTRAINT checkout_request_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT checkout_request_amount_minor_check CHECK (amount_minor BETWEEN 0 AND 100000000),
    CONSTRAINT checkout_request_fee_check CHECK (application_fee_minor BETWEEN 0 AND amount_minor)
);
CREATE INDEX checkout_request_checkout_ref_idx ON bursar.checkout_request (source, checkout_ref) WHERE checkout_ref IS NOT NULL;

CREATE TABLE bursar.customer_request (
    id              uuid        PRIMARY KEY,
    source          text        NOT NULL,
    external_id     text        NOT NULL,
    versions        jsonb       NOT NULL,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    status          text,
    external_ref    text,
    email           text,
    name            text,
    customer_ref    text,
    attempt         bigint,
    failure_code    text,
    failure_message text,
    actor           text,
    requested_at    timestamptz,
    completed_at    timestamptz,
    CONSTRAINT customer_request_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT customer_request_status_check CHECK (status IN ('created', 'failed', 'pending'))
);

-- One per payment, by its unique key: whoever brings the news first grants, all others find it granted (PAY-1, PAY-9, EVENT-4).
CREATE TABLE bursar.fulfilment (
    id                     uuid        PRIMARY KEY,
    source                 text        NOT NULL,
    external_id            text        NOT NULL,
    versions               jsonb       NOT NULL,
    created_at             timestamptz NOT NULL,
    updated_at             timestamptz NOT NULL,
    status                 text,
    purpose                text,
    purpose_ref            text,
    customer_ref           text,
    external_ref           text,
    payment_ref            text,
    checkout_ref           text,
    request                text,
    amount_minor           bigint,
    currency               text,
    granted_at             timestamptz,
    revocations            jsonb,
    revoked_at             timestamptz,
    metadata               jsonb,
    promo_released_at      timestamptz,
    credits_clawed_back_at timestamptz,
    CONSTRAINT fulfilment_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT fulfilment_status_check CHECK (status IN ('granted', 'revoked')),
    CONSTRAINT fulfilment_purpose_check CHECK (purpose IN ('course_enrolment', 'credit_package', 'event_registration', 'subscription')),
    CONSTRAINT fulfilment_revoked_check CHECK ((status = 'revoked') = (revoked_at IS NOT NULL)),
    CONSTRAINT fulfilment_currency_check CHECK (currency ~ '^[A-Z]{3}$')
);
CREATE INDEX fulfilment_purpose_idx ON bursar.fulfilment (purpose, purpose_ref) WHERE purpose IS NOT NULL;
CREATE INDEX fulfilment_external_ref_idx ON bursar.fulfilment (external_ref) WHERE external_ref IS NOT NULL;

CREATE TABLE bursar.customer_balance (
    id           uuid        PRIMARY KEY,
    source       text        NOT NULL,
    external_id  text        NOT NULL,
    versions     jsonb       NOT NULL,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    customer_ref text,
    currency     text,
    owed_minor   bigint,
    CONSTRAINT customer_balance_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT customer_balance_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT customer_balance_owed_minor_check CHECK (owed_minor >= 0)
);

CREATE TABLE bursar.customer_balance_entry (
    id          uuid        PRIMARY KEY,
    balance_id  uuid        NOT NULL,
    at          timestamptz NOT NULL,
    fact        text        NOT NULL,
    kind        text        NOT NULL,
    delta_minor bigint      NOT NULL,
    created_by  text        NOT NULL,
    CONSTRAINT customer_balance_entry_fact_kind_key UNIQUE (fact, kind),
    CONSTRAINT customer_balance_entry_kind_check CHECK (kind IN ('carried_over', 'given_back', 'taken')),
    CONSTRAINT customer_balance_entry_delta_minor_check CHECK (delta_minor <> 0)
);
CREATE INDEX customer_balance_entry_balance_id_idx ON bursar.customer_balance_entry (balance_id);
CREATE TRIGGER customer_balance_entry_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON bursar.customer_balance_entry
    FOR EACH STATEMENT EXECUTE FUNCTION bursar.refuse_change();

GRANT SELECT, INSERT, UPDATE ON bursar.payment_request, bursar.checkout_request, bursar.customer_request, bursar.fulfilment,
    bursar.customer_balance TO bursar_app;
GRANT SELECT, INSERT ON bursar.customer_balance_entry TO bursar_app;
GRANT SELECT ON bursar.payment_request, bursar.checkout_request, bursar.customer_request, bursar.fulfilment,
    bursar.customer_balance, bursar.customer_balance_entry TO bursar_maintenance;
