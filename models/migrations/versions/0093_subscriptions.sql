-- Our own billing's periods and money credits (SUB-3, SUB-7, CRED-10), and what we ask providers to do about subscriptions that they bill.

-- A billed period whose price was paid or that costs nothing: once per subscription and period, whoever tells of it first (USAGE-1, CRED-3).
CREATE TABLE bursar.period_settlement (
    id                uuid        PRIMARY KEY,
    source            text        NOT NULL,
    external_id       text        NOT NULL,
    versions          jsonb       NOT NULL,
    created_at        timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL,
    subscription_ref  text,
    period_start      timestamptz,
    because           text,
    invoice_ref       text,
    settled_at        timestamptz,
    CONSTRAINT period_settlement_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT period_settlement_period_key UNIQUE (source, subscription_ref, period_start)
);

-- Money that a subscriber has with us: from the unused part of what he gave up, taken by his next invoices (CRED-10).
CREATE TABLE bursar.money_credit (
    id              uuid        PRIMARY KEY,
    source          text        NOT NULL,
    external_id     text        NOT NULL,
    versions        jsonb       NOT NULL,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    subscriber_ref  text,
    currency        text,
    balance_minor   bigint,
    CONSTRAINT money_credit_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT money_credit_source_check CHECK (source = 'bursar'),
    CONSTRAINT money_credit_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT money_credit_balance_minor_check CHECK (balance_minor >= 0)
);
CREATE INDEX money_credit_subscriber_ref_idx ON bursar.money_credit (subscriber_ref);

-- Its ledger: signed, append-only, each change once. The balance is the sum of the deltas.
CREATE TABLE bursar.money_credit_entry (
    id                uuid        PRIMARY KEY,
    credit_id         uuid        NOT NULL,
    at                timestamptz NOT NULL,
    fact              text        NOT NULL,
    kind              text        NOT NULL,
    delta_minor       bigint      NOT NULL,
    subscription_ref  text,
    period_start      timestamptz,
    reason            text,
    created_by        text        NOT NULL,
    CONSTRAINT money_credit_entry_fact_kind_key UNIQUE (fact, kind),
    CONSTRAINT money_credit_entry_kind_check CHECK (kind IN ('adjusted', 'applied', 'granted', 'returned')),
    CONSTRAINT money_credit_entry_delta_minor_check CHECK (delta_minor <> 0)
);
CREATE INDEX money_credit_entry_credit_id_idx ON bursar.money_credit_entry (credit_id);
CREATE INDEX money_credit_entry_period_idx ON bursar.money_credit_entry (subscription_ref, period_start) WHERE subscription_ref IS NOT NULL;
CREATE TRIGGER money_credit_entry_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON bursar.money_credit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION bursar.refuse_change();

-- What we ask a provider to do with a subscription that it bills (SUB-6): one row per wish, written before the call.
CREATE TABLE bursar.subscription_request (
    id                uuid        PRIMARY KEY,
    source            text        NOT NULL,
    external_id       text        NOT NULL,
    versions          jsonb       NOT NULL,
    created_at        timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL,
    status            text,
    action            text,
    subscription_ref  text,
    subscriber_ref    text,
    reason            text,
    actor             text,
    failure_code      text,
    failure_message   text,
    requested_at      timestamptz,
    completed_at      timestamptz,
    CONSTRAINT subscription_request_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT subscription_request_status_check CHECK (status IN ('done', 'failed', 'pending')),
    CONSTRAINT subscription_request_action_check CHECK (action IN ('cancel', 'cancel_at_period_end', 'keep'))
);
CREATE INDEX subscription_request_subscription_idx ON bursar.subscription_request (source, subscription_ref);

CREATE INDEX subscription_grace_idx ON bursar.subscription (grace_until, id) WHERE grace_until IS NOT NULL;
CREATE INDEX invoice_open_subscription_idx ON bursar.invoice (subscription_ref) WHERE source = 'bursar' AND status = 'pending';

GRANT SELECT, INSERT, UPDATE ON bursar.period_settlement, bursar.money_credit, bursar.subscription_request TO bursar_app;
GRANT SELECT, INSERT ON bursar.money_credit_entry TO bursar_app;
GRANT SELECT ON bursar.period_settlement, bursar.money_credit, bursar.money_credit_entry, bursar.subscription_request TO bursar_maintenance;
