-- Stripe's balance transactions: what each move really cost, and moves that no other object tells of. Read in pages by our own
-- look-ups; `balance_list` says how far, per balance.
CREATE TABLE bursar.balance_transaction (
    id                  uuid        PRIMARY KEY,
    source              text        NOT NULL,
    external_id         text        NOT NULL,
    versions            jsonb       NOT NULL,
    created_at          timestamptz NOT NULL,
    updated_at          timestamptz NOT NULL,
    type                text,
    reporting_category  text,
    amount_minor        bigint,
    fee_minor           bigint,
    net_minor           bigint,
    fees                jsonb,
    currency            text,
    exchange_rate       text,
    source_ref          text,
    account_ref         text,
    status              text,
    available_at        timestamptz,
    provider_created_at timestamptz,
    booked              jsonb,
    CONSTRAINT balance_transaction_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT balance_transaction_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT balance_transaction_net_minor_check CHECK (net_minor = amount_minor - fee_minor)
);
CREATE INDEX balance_transaction_source_ref_idx ON bursar.balance_transaction (source_ref) WHERE source_ref IS NOT NULL;
CREATE INDEX balance_transaction_at_idx ON bursar.balance_transaction (source, provider_created_at);

CREATE TABLE bursar.balance_list (
    id          uuid        PRIMARY KEY,
    source      text        NOT NULL,
    external_id text        NOT NULL,
    versions    jsonb       NOT NULL,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    newest_ref  text,
    newest_at   timestamptz,
    asked_at    timestamptz,
    CONSTRAINT balance_list_source_external_id_key UNIQUE (source, external_id)
);
GRANT SELECT, INSERT, UPDATE ON bursar.balance_transaction, bursar.balance_list TO bursar_app;
GRANT SELECT ON bursar.balance_transaction, bursar.balance_list TO bursar_maintenance;
