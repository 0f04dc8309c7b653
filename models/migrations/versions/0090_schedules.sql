-- Scheduled runs under people's hands: paused, stopped, run by hand, and held for money while the clock cannot be believed.

-- held: made and not to be run while its job is paused, or, if it moves money, while a jump of the clock waits for consent.
-- stopped: a person stopped a long run after the page in hand; it goes on where it was when he resumes it.
ALTER TABLE bursar.schedule_slot
    ADD COLUMN money   boolean NOT NULL DEFAULT false,
    ADD COLUMN by_hand boolean NOT NULL DEFAULT false,
    ADD COLUMN stop    boolean NOT NULL DEFAULT false,
    ADD COLUMN turns   integer NOT NULL DEFAULT 0,
    DROP CONSTRAINT schedule_slot_state_check,
    ADD CONSTRAINT schedule_slot_state_check CHECK (state IN ('due', 'running', 'done', 'failed', 'skipped', 'held', 'stopped'));
CREATE INDEX schedule_slot_held_idx ON bursar.schedule_slot (job, slot_at) WHERE state IN ('held', 'stopped');

CREATE TABLE bursar.schedule_pause (
    job       text        NOT NULL,
    paused_at timestamptz NOT NULL,
    until     timestamptz,
    actor     text        NOT NULL,
    reason    text        NOT NULL,
    CONSTRAINT schedule_pause_pkey PRIMARY KEY (job),
    CONSTRAINT schedule_pause_until_check CHECK (until > paused_at)
);

-- The last tick by both clocks, and by the monotonic clock of the host that made it, where it has one.
CREATE TABLE bursar.schedule_tick (
    id          boolean          NOT NULL DEFAULT true,
    business_at timestamptz      NOT NULL,
    database_at timestamptz      NOT NULL,
    boot        text,
    uptime_s    double precision,
    CONSTRAINT schedule_tick_pkey PRIMARY KEY (id),
    CONSTRAINT schedule_tick_id_check CHECK (id)
);

CREATE TABLE bursar.clock_jump (
    id           bigint      GENERATED ALWAYS AS IDENTITY,
    from_at      timestamptz NOT NULL,
    to_at        timestamptz NOT NULL,
    passed_s     bigint,
    told_at      timestamptz,
    undone_at    timestamptz,
    consented_at timestamptz,
    consented_by text,
    CONSTRAINT clock_jump_pkey PRIMARY KEY (id),
    CONSTRAINT clock_jump_order_check CHECK (to_at > from_at),
    CONSTRAINT clock_jump_consent_check CHECK ((consented_at IS NULL) = (consented_by IS NULL) AND (consented_at IS NULL OR undone_at IS NULL))
);
COMMENT ON COLUMN bursar.clock_jump.passed_s IS 'Seconds that really passed, by a clock that does not jump; null: nothing can tell.';
CREATE INDEX clock_jump_open_idx ON bursar.clock_jump (id) WHERE consented_at IS NULL AND undone_at IS NULL;

-- Whether a slot must not run now. A slot by hand is not held by a pause: the person who asks for it knows of that. Money waits for
-- consent to each jump, and for a tick that has looked at a time that nobody has seen yet.
CREATE FUNCTION bursar.slot_blocked(job text, money boolean, by_hand boolean, business_at timestamptz) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT (NOT $3 AND EXISTS (SELECT 1 FROM bursar.schedule_pause p WHERE p.job = $1 AND (p.until IS NULL OR p.until > $4)))
        OR ($2 AND (EXISTS (SELECT 1 FROM bursar.clock_jump j WHERE j.consented_at IS NULL AND j.undone_at IS NULL)
                 OR EXISTS (SELECT 1 FROM bursar.schedule_tick t WHERE t.business_at < $4 - interval '1 hour')))
$$;

GRANT SELECT, INSERT, UPDATE ON bursar.schedule_tick, bursar.clock_jump TO bursar_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON bursar.schedule_pause TO bursar_app;
GRANT SELECT ON bursar.schedule_tick, bursar.clock_jump, bursar.schedule_pause TO bursar_maintenance;
GRANT EXECUTE ON FUNCTION bursar.slot_blocked(text, boolean, boolean, timestamptz) TO bursar_app, bursar_maintenance;
