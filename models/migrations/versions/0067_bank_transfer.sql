-- Bank transfers that customers report and that somebody approves or rejects (PAY-8). Statuses: billing.rules.states_requests.
-- `versions` is {} for a row that only a confirmation has named so far.
CREATE TABLE bursar.bank_transfer (
    id             uuid        PRIMARY KEY,
    source         text        NOT NULL,
    external_id    text        NOT NULL,
    versions       jsonb       NOT NULL,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    status         text,
    amount_minor   bigint,
    arrived_minor  bigint,
    currency       text,
    country        text,
    pays           text,
    proof_ref      text,
    purpose        text,
    purpose_ref    text,
    external_ref   text,
    actor          text,
    submitted_at   timestamptz,
    decided_at     timestamptz,
    decided_by     text,
    reason         text,
    CONSTRAINT bank_transfer_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT bank_transfer_status_check CHECK (status IN ('approved', 'expired', 'pending_approval', 'rejected', 'submitted')),
    CONSTRAINT bank_transfer_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT bank_transfer_country_check CHECK (country ~ '^[A-Z]{2}$'),
    -- PAY-12.
    CONSTRAINT bank_transfer_amount_minor_check CHECK (amount_minor BETWEEN 1 AND 100000000),
    CONSTRAINT bank_transfer_decided_check CHECK (status NOT IN ('approved', 'expired', 'rejected') OR decided_at IS NOT NULL)
);
-- What nobody has answered yet, oldest first.
CREATE INDEX bank_transfer_open_idx ON bursar.bank_transfer (submitted_at) WHERE status IN ('pending_approval', 'submitted');
GRANT SELECT, INSERT, UPDATE ON bursar.bank_transfer TO bursar_app;
GRANT SELECT ON bursar.bank_transfer TO bursar_maintenance;
