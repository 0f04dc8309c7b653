-- What Bursar itself does about money that goes out (PAYOUT-1 to 5, 7, 12, 13; REFUND-4): accounts asked for, transfers, their
-- reversals, payouts, holds. Statuses: billing.rules.states_requests. `external_id` is our own reference in all of them, and the
-- provider's in payee; *_ref are the provider's ids.

-- How an account is paid out, and what is known of its money; the row that everything about one account's money locks.
CREATE TABLE bursar.payee (
    id            uuid        PRIMARY KEY,
    source        text        NOT NULL,
    external_id   text        NOT NULL,
    versions      jsonb       NOT NULL,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    external_ref  text,
    schedule      text,
    schedule_day  bigint,
    zone          text,
    minimums      jsonb,
    paused        boolean,
    next_due_at   timestamptz,
    balances      jsonb,
    balances_at   timestamptz,
    holds         jsonb,
    promised      jsonb,
    waiting       jsonb,
    account_id    uuid,
    CONSTRAINT payee_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT payee_account_id_fkey FOREIGN KEY (account_id) REFERENCES bursar.account (id),
    CONSTRAINT payee_schedule_check CHECK (schedule IN ('manual', 'weekly', 'monthly')),
    CONSTRAINT payee_schedule_day_check CHECK (schedule_day BETWEEN 1 AND 31),
    CONSTRAINT payee_external_ref_check CHECK (length(external_ref) BETWEEN 1 AND 255)
);
CREATE INDEX payee_due_idx ON bursar.payee (next_due_at, id) WHERE next_due_at IS NOT NULL AND paused IS NOT TRUE;
CREATE INDEX payee_external_ref_idx ON bursar.payee (external_ref) WHERE external_ref IS NOT NULL;
CREATE INDEX payee_account_id_idx ON bursar.payee (account_id) WHERE account_id IS NOT NULL;

CREATE TABLE bursar.account_request (
    id              uuid        PRIMARY KEY,
    source          text        NOT NULL,
    external_id     text        NOT NULL,
    versions        jsonb       NOT NULL,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    status          text,
    email           text,
    country         text,
    return_url      text,
    refresh_url     text,
    actor           text,
    account_ref     text,
    onboarding_url  text,
    onboarding_at   timestamptz,
    link_attempt    bigint,
    create_attempt  bigint,
    failure_code    text,
    failure_message text,
    requested_at    timestamptz,
    completed_at    timestamptz,
    CONSTRAINT account_request_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT account_request_status_check CHECK (status IN ('requested', 'failed', 'created'))
);

-- A payee's share of a payment that the platform took itself. One per payment.
CREATE TABLE bursar.transfer_request (
    id              uuid        PRIMARY KEY,
    source          text        NOT NULL,
    external_id     text        NOT NULL,
    versions        jsonb       NOT NULL,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    status          text,
    amount_minor    bigint,
    currency        text,
    payment_ref     text,
    charge_ref      text,
    account_ref     text,
    payment_minor   bigint,
    fee_minor       bigint,
    transfer_ref    text,
    made_minor      bigint,
    taken_back      jsonb,
    attempt         bigint,
    actor           text,
    reason          text,
    failure_code    text,
    failure_message text,
    requested_at    timestamptz,
    completed_at    timestamptz,
    payment_id      uuid,
    CONSTRAINT transfer_request_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT transfer_request_payment_id_fkey FOREIGN KEY (payment_id) REFERENCES bursar.payment (id),
    CONSTRAINT transfer_request_status_check CHECK (status IN ('waiting', 'requested', 'failed', 'made', 'cancelled')),
    CONSTRAINT transfer_request_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT transfer_request_amount_minor_check CHECK (amount_minor >= 0 AND fee_minor >= 0 AND amount_minor + fee_minor <= payment_minor)
);
CREATE INDEX transfer_request_payment_id_idx ON bursar.transfer_request (payment_id) WHERE payment_id IS NOT NULL;
CREATE INDEX transfer_request_transfer_idx ON bursar.transfer_request (source, transfer_ref) WHERE transfer_ref IS NOT NULL;
CREATE INDEX transfer_request_open_idx ON bursar.transfer_request (status, requested_at) WHERE status IN ('waiting', 'requested', 'failed');

-- Money taken back from an account, because of a refund or a dispute. `for_type`:`for_ref` name the row that wanted it.
CREATE TABLE bursar.transfer_reversal_request (
    id              uuid        PRIMARY KEY,
    source          text        NOT NULL,
    external_id     text        NOT NULL,
    versions        jsonb       NOT NULL,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    status          text,
    amount_minor    bigint,
    currency        text,
    transfer_ref    text,
    account_ref     text,
    for_type        text,
    for_ref         text,
    reversal_ref    text,
    actor           text,
    reason          text,
    failure_code    text,
    failure_message text,
    requested_at    timestamptz,
    completed_at    timestamptz,
    transfer_id     uuid,
    CONSTRAINT transfer_reversal_request_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT transfer_reversal_request_transfer_id_fkey FOREIGN KEY (transfer_id) REFERENCES bursar.transfer (id),
    CONSTRAINT transfer_reversal_request_status_check CHECK (status IN ('requested', 'made', 'failed')),
    CONSTRAINT transfer_reversal_request_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT transfer_reversal_request_amount_minor_check CHECK (amount_minor > 0)
);
CREATE INDEX transfer_reversal_request_for_idx ON bursar.transfer_reversal_request (source, for_type, for_ref);
CREATE INDEX transfer_reversal_request_transfer_id_idx ON bursar.transfer_reversal_request (transfer_id) WHERE transfer_id IS NOT NULL;
CREATE INDEX transfer_reversal_request_open_idx ON bursar.transfer_reversal_request (requested_at) WHERE status = 'requested';

-- What our reversals take from a transfer: request's reference -> {amount_minor, status}; kept where the row is locked.
ALTER TABLE bursar.transfer ADD COLUMN reversals jsonb;

CREATE TABLE bursar.payout_request (
    id              uuid        PRIMARY KEY,
    source          text        NOT NULL,
    external_id     text        NOT NULL,
    versions        jsonb       NOT NULL,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    status          text,
    asked_minor     bigint,
    amount_minor    bigint,
    currency        text,
    account_ref     text,
    slot_on         date,
    payout_ref      text,
    actor           text,
    reason          text,
    failure_code    text,
    failure_message text,
    polled_at       timestamptz,
    requested_at    timestamptz,
    completed_at    timestamptz,
    CONSTRAINT payout_request_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT payout_request_slot_key UNIQUE (source, account_ref, currency, slot_on),
    CONSTRAINT payout_request_status_check CHECK (status IN ('checking', 'requested', 'in_transit', 'paid', 'refused', 'cancelled', 'returned', 'failed')),
    CONSTRAINT payout_request_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT payout_request_amount_minor_check CHECK (amount_minor > 0 AND asked_minor > 0)
);
CREATE INDEX payout_request_open_idx ON bursar.payout_request (coalesce(polled_at, requested_at), id) WHERE status IN ('checking', 'requested', 'in_transit');
CREATE INDEX payout_request_account_idx ON bursar.payout_request (source, account_ref, requested_at DESC);

-- One account's turn at one scheduled date: what was decided per currency (PAYOUT-7). `external_id` is account/date.
CREATE TABLE bursar.payout_turn (
    id            uuid        PRIMARY KEY,
    source        text        NOT NULL,
    external_id   text        NOT NULL,
    versions      jsonb       NOT NULL,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    status        text,
    account_ref   text,
    slot_on       date,
    outcomes      jsonb,
    polled_at     timestamptz,
    requested_at  timestamptz,
    completed_at  timestamptz,
    CONSTRAINT payout_turn_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT payout_turn_status_check CHECK (status IN ('checking', 'done'))
);
CREATE INDEX payout_turn_open_idx ON bursar.payout_turn (coalesce(polled_at, requested_at), id) WHERE status = 'checking';
CREATE INDEX payout_turn_slot_idx ON bursar.payout_turn (slot_on, source, account_ref);

CREATE TABLE bursar.payout_hold (
    id            uuid        PRIMARY KEY,
    source        text        NOT NULL,
    external_id   text        NOT NULL,
    versions      jsonb       NOT NULL,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    status        text,
    account_ref   text,
    reason        text,
    currency      text,
    amount_minor  bigint,
    note          text,
    actor         text,
    opened_at     timestamptz,
    released_at   timestamptz,
    CONSTRAINT payout_hold_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT payout_hold_status_check CHECK (status IN ('open', 'released')),
    CONSTRAINT payout_hold_reason_check CHECK (reason IN ('dispute', 'negative_balance', 'open_refunds', 'operator')),
    CONSTRAINT payout_hold_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT payout_hold_amount_minor_check CHECK (amount_minor > 0),
    CONSTRAINT payout_hold_sum_check CHECK (amount_minor IS NULL OR currency IS NOT NULL)
);
CREATE INDEX payout_hold_account_idx ON bursar.payout_hold (source, account_ref, status);

GRANT SELECT, INSERT, UPDATE ON bursar.payee, bursar.account_request, bursar.transfer_request, bursar.transfer_reversal_request,
    bursar.payout_request, bursar.payout_turn, bursar.payout_hold TO bursar_app;
GRANT SELECT ON bursar.payee, bursar.account_request, bursar.transfer_request, bursar.transfer_reversal_request,
    bursar.payout_request, bursar.payout_turn, bursar.payout_hold TO bursar_maintenance;
