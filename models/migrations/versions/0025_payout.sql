-- Payouts from an account to a bank, a card or a wallet (PAYOUT-6). Statuses: billing.rules.states_money_out.PAYOUT.
-- `versions` is the merge state: {} for a stub.
CREATE TABLE bursar.payout (
    id                              uuid        PRIMARY KEY,
    source                          text        NOT NULL,
    external_id                     text        NOT NULL,
    versions                        jsonb       NOT NULL,
    created_at                      timestamptz NOT NULL,
    updated_at                      timestamptz NOT NULL,
    amount_minor                    bigint,
    fee_minor                       bigint,
    currency                        text,
    status                          text,
    provider_status                 text,
    failure_code                    text,
    failure_message                 text,
    paid_at                         timestamptz,
    failed_at                       timestamptz,
    arrival_on                      date,
    automatic                       boolean,
    method                          text,
    destination_ref                 text,
    account_ref                     text,
    batch_ref                       text,
    balance_transaction_ref         text,
    failure_balance_transaction_ref text,
    original_payout_ref             text,
    reversed_by_ref                 text,
    reconciliation_status           text,
    metadata                        jsonb,
    provider_created_at             timestamptz,
    account_id                      uuid,
    CONSTRAINT payout_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT payout_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT payout_status_check CHECK (status IN ('cancelled', 'failed', 'in_transit', 'on_hold', 'paid', 'pending', 'returned', 'unknown'))
);
CREATE INDEX payout_account_id_idx ON bursar.payout (account_id) WHERE account_id IS NOT NULL;
GRANT SELECT, INSERT, UPDATE ON bursar.payout TO bursar_app;
GRANT SELECT ON bursar.payout TO bursar_maintenance;
