-- A second worker at one long run, and a third: what each has done, beside the slot's own turns. The lease is its claim; the rows
-- that the run works through are what makes two of them share the work (they lock what they take and pass over what is taken).
CREATE TABLE bursar.schedule_hand (
    job         text        NOT NULL,
    slot_at     timestamptz NOT NULL,
    hand        smallint    NOT NULL,
    token       uuid,
    lease_until timestamptz,
    items       bigint      NOT NULL,
    failed      bigint      NOT NULL,
    CONSTRAINT schedule_hand_pkey PRIMARY KEY (job, slot_at, hand),
    CONSTRAINT schedule_hand_slot_fkey FOREIGN KEY (job, slot_at) REFERENCES bursar.schedule_slot ON DELETE CASCADE,
    CONSTRAINT schedule_hand_hand_check CHECK (hand >= 1),
    CONSTRAINT schedule_hand_token_check CHECK ((token IS NULL) = (lease_until IS NULL))
);

GRANT SELECT, INSERT, UPDATE ON bursar.schedule_hand TO bursar_app, bursar_maintenance;
GRANT DELETE ON bursar.schedule_hand TO bursar_maintenance;
