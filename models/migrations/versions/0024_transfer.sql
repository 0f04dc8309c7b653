-- Transfers from the platform to connected accounts (PAYOUT-5). Statuses: billing.rules.states_money_out.TRANSFER.
-- `versions` is the merge state: {} for a stub.
CREATE TABLE bursar.transfer (
    id                      uuid        PRIMARY KEY,
    source                  text        NOT NULL,
    external_id             text        NOT NULL,
    versions                jsonb       NOT NULL,
    created_at              timestamptz NOT NULL,
    updated_at              timestamptz NOT NULL,
    amount_minor            bigint,
    reversed_minor          bigint,
    currency                text,
    provider_status         text,
    failure_code            text,
    failure_message         text,
    destination_ref         text,
    destination_payment_ref text,
    charge_ref              text,
    account_ref             text,
    balance_transaction_ref text,
    transfer_group          text,
    metadata                jsonb,
    provider_created_at     timestamptz,
    status                  text,
    account_id              uuid,
    charge_id               uuid,
    CONSTRAINT transfer_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT transfer_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT transfer_status_check CHECK (status IN ('cancelled', 'failed', 'in_transit', 'paid', 'partially_reversed', 'pending', 'reversed', 'unknown')),
    CONSTRAINT transfer_reversed_minor_check CHECK (reversed_minor >= 0)
);
CREATE INDEX transfer_account_id_idx ON bursar.transfer (account_id) WHERE account_id IS NOT NULL;
CREATE INDEX transfer_charge_id_idx ON bursar.transfer (charge_id) WHERE charge_id IS NOT NULL;
GRANT SELECT, INSERT, UPDATE ON bursar.transfer TO bursar_app;
GRANT SELECT ON bursar.transfer TO bursar_maintenance;
