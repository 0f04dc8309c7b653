-- Refunds, ours and those made in the provider's dashboard (REFUND-6). Statuses: billing.rules.states_money_out.REFUND.
-- `versions` is the merge state: {} for a stub.
CREATE TABLE bursar.refund (
    id                              uuid        PRIMARY KEY,
    source                          text        NOT NULL,
    external_id                     text        NOT NULL,
    versions                        jsonb       NOT NULL,
    created_at                      timestamptz NOT NULL,
    updated_at                      timestamptz NOT NULL,
    amount_minor                    bigint,
    currency                        text,
    status                          text,
    provider_status                 text,
    reason                          text,
    failure_reason                  text,
    failed_at                       timestamptz,
    charge_ref                      text,
    payment_ref                     text,
    account_ref                     text,
    balance_transaction_ref         text,
    failure_balance_transaction_ref text,
    transfer_reversal_ref           text,
    metadata                        jsonb,
    provider_created_at             timestamptz,
    charge_id                       uuid,
    payment_id                      uuid,
    account_id                      uuid,
    CONSTRAINT refund_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT refund_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT refund_status_check CHECK (status IN ('cancelled', 'failed', 'pending', 'requires_action', 'succeeded', 'unknown')),
    CONSTRAINT refund_amount_minor_check CHECK (amount_minor >= 0)
);
CREATE INDEX refund_charge_id_idx ON bursar.refund (charge_id) WHERE charge_id IS NOT NULL;
CREATE INDEX refund_payment_id_idx ON bursar.refund (payment_id) WHERE payment_id IS NOT NULL;
CREATE INDEX refund_account_id_idx ON bursar.refund (account_id) WHERE account_id IS NOT NULL;
GRANT SELECT, INSERT, UPDATE ON bursar.refund TO bursar_app;
GRANT SELECT ON bursar.refund TO bursar_maintenance;
