-- Dunning (DUN-1 to DUN-10), trials (TRIAL-1 to TRIAL-7) and cards that expire (PAY-6). Statuses: billing.rules.states_dunning.

-- What is done when a payment fails: when it is tried again, counted from the first failure, and when service ends.
CREATE TABLE bursar.dunning_policy (
    id                     uuid        PRIMARY KEY,
    source                 text        NOT NULL,
    external_id            text        NOT NULL,
    versions               jsonb       NOT NULL,
    created_at             timestamptz NOT NULL,
    updated_at             timestamptz NOT NULL,
    retry_intervals_days   jsonb,
    charges                boolean,
    suspend_after_days     bigint,
    terminate_after_days   bigint,
    mails                  boolean,
    template_prefix        text,
    CONSTRAINT dunning_policy_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT dunning_policy_source_check CHECK (source = 'bursar'),
    CONSTRAINT dunning_policy_days_check CHECK (suspend_after_days > 0 AND terminate_after_days > 0)
);

-- One per invoice that was not paid: external_id is the invoice's. The policy's days are copied, so that a changed policy moves no deadline.
CREATE TABLE bursar.dunning_case (
    id                     uuid        PRIMARY KEY,
    source                 text        NOT NULL,
    external_id            text        NOT NULL,
    versions               jsonb       NOT NULL,
    created_at             timestamptz NOT NULL,
    updated_at             timestamptz NOT NULL,
    status                 text,
    subscriber_ref         text,
    subscription_ref       text,
    policy_ref             text,
    retry_intervals_days   jsonb,
    charges                boolean,
    mails                  boolean,
    template_prefix        text,
    currency               text,
    amount_minor           bigint,
    request_source         text,
    request_ref            text,
    opened_at              timestamptz,
    suspend_at             timestamptz,
    terminate_at           timestamptz,
    next_deadline_at       timestamptz,
    suspended_at           timestamptz,
    running_ref            text,
    tries                  bigint,
    stopped_because        text,
    decline_code           text,
    method_ref             text,
    closed_at              timestamptz,
    closed_because         text,
    CONSTRAINT dunning_case_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT dunning_case_source_check CHECK (source = 'bursar'),
    CONSTRAINT dunning_case_status_check CHECK (status IN ('cancelled', 'open', 'recovered', 'terminated')),
    CONSTRAINT dunning_case_closed_check CHECK ((status = 'open') = (closed_at IS NULL)),
    CONSTRAINT dunning_case_running_check CHECK (status = 'open' OR running_ref IS NULL)
);
CREATE INDEX dunning_case_open_idx ON bursar.dunning_case (subscriber_ref) WHERE status = 'open';
CREATE INDEX dunning_case_deadline_idx ON bursar.dunning_case (next_deadline_at, id) WHERE status = 'open' AND next_deadline_at IS NOT NULL;

-- One slot of the run that collects: what it did stands in its attempts, so its totals can be counted at any time (DUN-5).
CREATE TABLE bursar.collection_run (
    id           uuid        PRIMARY KEY,
    source       text        NOT NULL,
    external_id  text        NOT NULL,
    versions     jsonb       NOT NULL,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    slot_at      timestamptz,
    CONSTRAINT collection_run_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT collection_run_source_check CHECK (source = 'bursar')
);

-- A step of a case: the failure that opened it (number 0), the ladder's rungs, and tries with a new method (DUN-4).
-- external_id: <invoice>:<number>, of tries with a new method <invoice>:n<number>.
CREATE TABLE bursar.dunning_attempt (
    id               uuid        PRIMARY KEY,
    source           text        NOT NULL,
    external_id      text        NOT NULL,
    versions         jsonb       NOT NULL,
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL,
    status           text,
    kind             text,
    case_ref         text,
    subscriber_ref   text,
    number           bigint,
    due_at           timestamptz,
    request_attempt  bigint,
    method_ref       text,
    currency         text,
    amount_minor     bigint,
    run_ref          text,
    started_at       timestamptz,
    completed_at     timestamptz,
    because          text,
    gateway_code     text,
    gateway_message  text,
    decline_code     text,
    mail             text,
    sent_at          timestamptz,
    CONSTRAINT dunning_attempt_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT dunning_attempt_source_check CHECK (source = 'bursar'),
    CONSTRAINT dunning_attempt_status_check CHECK (status IN ('cancelled', 'failed', 'pending', 'processing', 'skipped', 'success')),
    CONSTRAINT dunning_attempt_kind_check CHECK (kind IN ('first', 'ladder', 'new_method')),
    CONSTRAINT dunning_attempt_open_check CHECK ((status IN ('pending', 'processing')) = (completed_at IS NULL))
);
CREATE INDEX dunning_attempt_due_idx ON bursar.dunning_attempt (due_at, id) WHERE status = 'pending';
CREATE INDEX dunning_attempt_case_idx ON bursar.dunning_attempt (case_ref);
CREATE INDEX dunning_attempt_run_idx ON bursar.dunning_attempt (run_ref) WHERE run_ref IS NOT NULL;
-- The invariant: one try of a case at a time.
CREATE UNIQUE INDEX dunning_attempt_one_at_a_time ON bursar.dunning_attempt (case_ref) WHERE status = 'processing';

-- Totals of a collection run by currency, as true as its attempts (DUN-5).
CREATE VIEW bursar.collection_run_total AS
    SELECT r.external_id AS run, r.slot_at, a.currency, count(*) AS items,
           count(*) FILTER (WHERE a.started_at IS NOT NULL) AS attempted,
           coalesce(sum(a.amount_minor) FILTER (WHERE a.started_at IS NOT NULL), 0)::bigint AS attempted_minor,
           count(*) FILTER (WHERE a.status = 'success') AS recovered,
           coalesce(sum(a.amount_minor) FILTER (WHERE a.status = 'success'), 0)::bigint AS recovered_minor,
           count(*) FILTER (WHERE a.status = 'failed') AS failed, count(*) FILTER (WHERE a.status = 'skipped') AS skipped,
           count(*) FILTER (WHERE a.status = 'processing') AS processing
    FROM bursar.collection_run r JOIN bursar.dunning_attempt a ON a.run_ref = r.external_id
    GROUP BY r.external_id, r.slot_at, a.currency;

ALTER TABLE bursar.subscription ADD COLUMN trial_notice_at timestamptz;
CREATE INDEX subscription_trial_end_idx ON bursar.subscription (trial_end_at, id) WHERE source = 'bursar' AND status = 'trialing';
CREATE INDEX subscription_trial_notice_idx ON bursar.subscription (trial_notice_at, id) WHERE trial_notice_at IS NOT NULL;

-- PAY-6. Both are the business's words about a card, none of the provider's.
ALTER TABLE bursar.payment_method ADD COLUMN expired_at timestamptz, ADD COLUMN expiry_warned_at timestamptz;
CREATE INDEX payment_method_expiry_idx ON bursar.payment_method (exp_year, exp_month, id)
    WHERE expired_at IS NULL AND detached_at IS NULL AND customer_ref IS NOT NULL;
CREATE INDEX payment_method_customer_ref_idx ON bursar.payment_method (source, customer_ref) WHERE customer_ref IS NOT NULL;

-- What we ask a provider to change of a customer: which method is charged by default (PAY-6).
CREATE TABLE bursar.default_method_request (
    id               uuid        PRIMARY KEY,
    source           text        NOT NULL,
    external_id      text        NOT NULL,
    versions         jsonb       NOT NULL,
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL,
    status           text,
    customer_ref     text,
    expired_ref      text,
    method_ref       text,
    failure_code     text,
    failure_message  text,
    requested_at     timestamptz,
    completed_at     timestamptz,
    CONSTRAINT default_method_request_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT default_method_request_status_check CHECK (status IN ('done', 'failed', 'pending'))
);

GRANT SELECT, INSERT, UPDATE ON bursar.dunning_policy, bursar.dunning_case, bursar.collection_run, bursar.dunning_attempt,
    bursar.default_method_request TO bursar_app;
GRANT SELECT ON bursar.dunning_policy, bursar.dunning_case, bursar.collection_run, bursar.dunning_attempt, bursar.collection_run_total,
    bursar.default_method_request TO bursar_maintenance;
GRANT SELECT ON bursar.collection_run_total TO bursar_app;
