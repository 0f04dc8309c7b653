-- Money that goes back because Bursar was asked (REFUND-1 to 4, 9, 10). Statuses:
-- billing.rules.states_refunds. `versions` is {} for a row that is known only because a provider's object named it.
CREATE TABLE bursar.refund_request (
    id                  uuid        PRIMARY KEY,
    source              text        NOT NULL,
    external_id         text        NOT NULL,
    versions            jsonb       NOT NULL,
    created_at          timestamptz NOT NULL,
    updated_at          timestamptz NOT NULL,
    status              text,
    amount_minor        bigint,
    currency            text,
    payment_ref         text,
    charge_ref          text,
    account_ref         text,
    payee_ref           text,
    key                 text,
    reason              text,
    fee_policy          text,
    fee_minor           bigint,
    transfer_minor      bigint,
    fee_status          text,
    share_status        text,
    share_step          bigint,
    refund_ref          text,
    undone_at           timestamptz,
    notes               jsonb,
    history             jsonb,
    actor               text,
    decided_by          text,
    failure_code        text,
    failure_message     text,
    requested_at        timestamptz,
    completed_at        timestamptz,
    -- Without a foreign key: requests are locked and written before the payments that they are about.
    payment_id          uuid,
    CONSTRAINT refund_request_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT refund_request_status_check CHECK (status IN ('approved', 'cancelled', 'completed', 'failed', 'pending', 'processing', 'rejected')),
    CONSTRAINT refund_request_reason_check CHECK (reason IN ('administrative', 'cancellation', 'customer_request', 'dispute',
        'downgrade', 'duplicate_payment', 'error_correction', 'fraud', 'service_failure')),
    CONSTRAINT refund_request_fee_policy_check CHECK (fee_policy IN ('full', 'none', 'proportional')),
    CONSTRAINT refund_request_fee_status_check CHECK (fee_status IN ('failed', 'made', 'requested')),
    CONSTRAINT refund_request_share_status_check CHECK (share_status IN ('failed', 'given_back', 'made', 'requested', 'waiting')),
    CONSTRAINT refund_request_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT refund_request_amount_minor_check CHECK (amount_minor BETWEEN 1 AND 100000000),
    CONSTRAINT refund_request_parts_check CHECK (fee_minor >= 0 AND transfer_minor >= 0)
);
-- A reference is read out on the telephone, where nobody says the provider.
CREATE UNIQUE INDEX refund_request_reference_key ON bursar.refund_request (external_id) WHERE versions <> '{}';
CREATE INDEX refund_request_payment_id_idx ON bursar.refund_request (payment_id) WHERE payment_id IS NOT NULL;
CREATE INDEX refund_request_refund_idx ON bursar.refund_request (source, refund_ref) WHERE refund_ref IS NOT NULL;
CREATE INDEX refund_request_open_idx ON bursar.refund_request (status, requested_at) WHERE status IN ('pending', 'processing', 'approved');

-- Refunds of many payments at once, for an event that was cancelled (REFUND-10): the run, and each payment's outcome.
CREATE TABLE bursar.refund_batch (
    id              uuid        PRIMARY KEY,
    source          text        NOT NULL,
    external_id     text        NOT NULL,
    versions        jsonb       NOT NULL,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    status          text,
    purpose         text,
    purpose_ref     text,
    reason          text,
    acting          jsonb,
    note            text,
    actor           text,
    requested_at    timestamptz,
    completed_at    timestamptz,
    CONSTRAINT refund_batch_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT refund_batch_status_check CHECK (status IN ('asked', 'done', 'running'))
);
CREATE INDEX refund_batch_open_idx ON bursar.refund_batch (requested_at) WHERE status IN ('asked', 'running');
CREATE TABLE bursar.refund_item (
    id              uuid        PRIMARY KEY,
    source          text        NOT NULL,
    external_id     text        NOT NULL,
    versions        jsonb       NOT NULL,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    status          text,
    batch_ref       text,
    payment_ref     text,
    reference       text,
    amount_minor    bigint,
    currency        text,
    code            text,
    message         text,
    CONSTRAINT refund_item_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT refund_item_status_check CHECK (status IN ('open', 'refused', 'requested'))
);
CREATE INDEX refund_item_batch_idx ON bursar.refund_item (source, batch_ref, status);

-- What follows from refunds elsewhere (REFUND-5): the payment remembers its requests, the invoice stays paid and says what went back.
ALTER TABLE bursar.payment ADD COLUMN refund_requests jsonb, ADD COLUMN refund_status text;
ALTER TABLE bursar.payment ADD CONSTRAINT payment_refund_status_check CHECK (refund_status IN ('partially_refunded', 'refunded')) NOT VALID;
ALTER TABLE bursar.invoice ADD COLUMN refund_shares jsonb, ADD COLUMN refunded_minor bigint, ADD COLUMN credit_note_refs jsonb;
ALTER TABLE bursar.fulfilment ADD COLUMN refund_status text;
ALTER TABLE bursar.fulfilment ADD CONSTRAINT fulfilment_refund_status_check CHECK (refund_status IN ('partially_refunded', 'refunded')) NOT VALID;

GRANT SELECT, INSERT, UPDATE ON bursar.refund_request, bursar.refund_batch, bursar.refund_item TO bursar_app;
GRANT SELECT ON bursar.refund_request, bursar.refund_batch, bursar.refund_item TO bursar_maintenance;
