-- The journal (promise 5): each row takes an amount from one account to another of the same currency, so the books balance by
-- construction. A fact (charge, refund, balance transaction, ...) books a leg of a kind once: unique (fact, kind, leg). Rows are
-- only ever added; no balance is stored. Accounts and their sides: billing.rules.chart. Kinds: billing.rules.bookings.
CREATE TABLE bursar.journal_account (
    code     text NOT NULL,
    currency text NOT NULL,
    name     text NOT NULL,
    class    text NOT NULL,
    normal   text NOT NULL,
    -- A balance on the other side is impossible while the books are right.
    strict   boolean NOT NULL,
    provider text NOT NULL,
    owner    text,
    CONSTRAINT journal_account_pkey PRIMARY KEY (code, currency),
    CONSTRAINT journal_account_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT journal_account_class_check CHECK (class IN ('asset', 'liability', 'income', 'expense', 'clearing')),
    CONSTRAINT journal_account_normal_check CHECK (normal IN ('debit', 'credit')),
    CONSTRAINT journal_account_code_check CHECK (code LIKE provider || ':%' AND code LIKE '%:' || name)
);

CREATE TABLE bursar.journal (
    id           bigint      GENERATED ALWAYS AS IDENTITY,
    fact         text        NOT NULL,
    kind         text        NOT NULL,
    leg          smallint    NOT NULL,
    debit        text        NOT NULL,
    credit       text        NOT NULL,
    amount_minor bigint      NOT NULL,
    currency     text        NOT NULL,
    -- The business's time, at which it happened.
    posted_at    timestamptz NOT NULL,
    inbox_id     bigint,
    CONSTRAINT journal_pkey PRIMARY KEY (id),
    CONSTRAINT journal_fact_kind_leg_key UNIQUE (fact, kind, leg),
    CONSTRAINT journal_amount_minor_check CHECK (amount_minor > 0),
    CONSTRAINT journal_leg_check CHECK (leg >= 0),
    CONSTRAINT journal_sides_check CHECK (debit <> credit),
    -- Both sides exist, and in the row's own currency.
    CONSTRAINT journal_debit_fkey FOREIGN KEY (debit, currency) REFERENCES bursar.journal_account,
    CONSTRAINT journal_credit_fkey FOREIGN KEY (credit, currency) REFERENCES bursar.journal_account
);
-- An account's statement and its balance at an instant.
CREATE INDEX journal_debit_idx ON bursar.journal (debit, currency, posted_at) INCLUDE (amount_minor);
CREATE INDEX journal_credit_idx ON bursar.journal (credit, currency, posted_at) INCLUDE (amount_minor);
CREATE INDEX journal_inbox_id_idx ON bursar.journal (inbox_id) WHERE inbox_id IS NOT NULL;

CREATE TRIGGER journal_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON bursar.journal
    FOR EACH STATEMENT EXECUTE FUNCTION bursar.refuse_change();
CREATE TRIGGER journal_account_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON bursar.journal_account
    FOR EACH STATEMENT EXECUTE FUNCTION bursar.refuse_change();
GRANT SELECT, INSERT ON bursar.journal, bursar.journal_account TO bursar_app;
GRANT SELECT ON bursar.journal, bursar.journal_account TO bursar_maintenance;

-- What was booked of a row, by kind, under the row's lock: legs to come are the difference to it (billing.rules.journal).
ALTER TABLE bursar.payment ADD COLUMN booked jsonb;
ALTER TABLE bursar.charge ADD COLUMN booked jsonb;
ALTER TABLE bursar.refund ADD COLUMN booked jsonb;
ALTER TABLE bursar.dispute ADD COLUMN booked jsonb;
ALTER TABLE bursar.transfer ADD COLUMN booked jsonb;
ALTER TABLE bursar.payout ADD COLUMN booked jsonb;
ALTER TABLE bursar.application_fee ADD COLUMN booked jsonb;

-- A transfer and its reversal show in the connected account as a charge and a refund of its own; they must not count twice.
ALTER TABLE bursar.charge ADD COLUMN source_transfer_ref text;
ALTER TABLE bursar.refund ADD COLUMN source_transfer_reversal_ref text;
-- How a balance transaction in another currency settled it: {"amount_minor", "currency", "fact"} by the transaction's id.
ALTER TABLE bursar.charge ADD COLUMN settled_as jsonb;
ALTER TABLE bursar.refund ADD COLUMN settled_as jsonb;
ALTER TABLE bursar.application_fee ADD COLUMN settled_as jsonb;
