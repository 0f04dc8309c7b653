-- What people decided about findings of reconciliation (RECON-8), where the decision has to be seen by those who compare.
ALTER TABLE bursar.finding
    -- Which of the possible repairs was chosen, and the request that carries it out, as <aggregate>:<reference>.
    ADD COLUMN repair_how text,
    ADD COLUMN repair_ref text;

-- Money that nobody asked for, and that was kept: {"how", "by", "at", "reason", "finding", ...}.
ALTER TABLE bursar.payment ADD COLUMN adopted jsonb;
ALTER TABLE bursar.transfer ADD COLUMN adopted jsonb;
-- What of the fee that was not taken as agreed is owed by the payee, or booked as given up; negative: more was taken.
ALTER TABLE bursar.charge ADD COLUMN fee_settled_minor bigint;

-- The provider itself said that it has no such object; what was booked of it is written off. Null again when it shows it after all.
ALTER TABLE bursar.payment ADD COLUMN gone_at timestamptz;
ALTER TABLE bursar.charge ADD COLUMN gone_at timestamptz;
ALTER TABLE bursar.refund ADD COLUMN gone_at timestamptz;
ALTER TABLE bursar.dispute ADD COLUMN gone_at timestamptz;
ALTER TABLE bursar.transfer ADD COLUMN gone_at timestamptz;
ALTER TABLE bursar.payout ADD COLUMN gone_at timestamptz;
ALTER TABLE bursar.application_fee ADD COLUMN gone_at timestamptz;
ALTER TABLE bursar.balance_transaction ADD COLUMN gone_at timestamptz;
