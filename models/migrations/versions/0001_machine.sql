-- The machine's tables: inbox, payloads, conflicts, outbox, slots, heartbeats, audit. Machine rows have bigint ids that never leave.
-- Times: *_at columns of business meaning (received_at, next_at, slot_at) are written by the program from its injected clock;
-- ready_at, lease_until, beat_at are the database's clock (clock_timestamp()), because hosts' clocks differ.

CREATE TABLE bursar.inbox (
    id             bigint      GENERATED ALWAYS AS IDENTITY,
    source         text        NOT NULL,
    event_id       text        NOT NULL,
    event_type     text        NOT NULL,
    object_id      text,
    account        text,
    lane           text        NOT NULL,
    queue          text        NOT NULL,
    state          text        NOT NULL,
    ignored_reason text,
    sha256         bytea       NOT NULL,
    livemode       boolean,
    api_version    text,
    occurred_at    timestamptz,
    received_at    timestamptz NOT NULL,
    fair_at        timestamptz NOT NULL,
    next_at        timestamptz NOT NULL,
    ready_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    attempts       smallint    NOT NULL DEFAULT 0,
    crashes        smallint    NOT NULL DEFAULT 0,
    solo_crashes   smallint    NOT NULL DEFAULT 0,
    claimed_alone  boolean     NOT NULL DEFAULT false,
    token          uuid,
    lease_until    timestamptz,
    error_class    text,
    error          text,
    fingerprint    text,
    handler_version text,
    started_at     timestamptz,
    done_at        timestamptz,
    CONSTRAINT inbox_pkey PRIMARY KEY (id),
    -- INBOX-2: one row per provider event, decided here and nowhere else.
    CONSTRAINT inbox_source_event_id_key UNIQUE (source, event_id),
    CONSTRAINT inbox_source_check CHECK (source ~ '^[a-z][a-z0-9_]{0,31}$'),
    CONSTRAINT inbox_event_id_check CHECK (event_id ~ '^[\x21-\x7e]{1,255}$'),
    CONSTRAINT inbox_event_type_check CHECK (length(event_type) BETWEEN 1 AND 255),
    CONSTRAINT inbox_queue_check CHECK (queue IN ('payments', 'payouts', 'notifications', 'maintenance')),
    CONSTRAINT inbox_state_check CHECK (state IN ('received', 'processing', 'done', 'ignored', 'waiting', 'dead')),
    CONSTRAINT inbox_sha256_check CHECK (octet_length(sha256) = 32),
    CONSTRAINT inbox_token_check CHECK ((state = 'processing') = (token IS NOT NULL) AND (token IS NULL) = (lease_until IS NULL)),
    CONSTRAINT inbox_done_at_check CHECK ((state = 'done') = (done_at IS NOT NULL)),
    CONSTRAINT inbox_ignored_reason_check CHECK ((state = 'ignored') = (ignored_reason IS NOT NULL)),
    CONSTRAINT inbox_dead_error_check CHECK (state <> 'dead' OR (error IS NOT NULL AND fingerprint IS NOT NULL)),
    CONSTRAINT inbox_counts_check CHECK (attempts >= 0 AND crashes >= solo_crashes AND solo_crashes >= 0)
) WITH (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0, autovacuum_vacuum_insert_scale_factor = 0.05);

CREATE INDEX inbox_claim_idx   ON bursar.inbox (queue, fair_at, id) WHERE state = 'received';
CREATE INDEX inbox_suspect_idx ON bursar.inbox (queue, fair_at, id) WHERE state = 'received' AND crashes > 0;
CREATE INDEX inbox_waiting_idx ON bursar.inbox (next_at) WHERE state = 'waiting';
CREATE INDEX inbox_lease_idx   ON bursar.inbox (lease_until) WHERE state = 'processing';
CREATE INDEX inbox_dead_idx    ON bursar.inbox (fingerprint, id) WHERE state = 'dead';
CREATE INDEX inbox_ignored_idx ON bursar.inbox (source, event_type) WHERE state = 'ignored';
CREATE INDEX inbox_object_idx  ON bursar.inbox (object_id) WHERE object_id IS NOT NULL;
CREATE INDEX inbox_received_at_idx ON bursar.inbox USING brin (received_at);

-- Raw bytes, never compressed (pglz costs more than the disk), by month, so that retention detaches instead of deleting.
CREATE TABLE bursar.inbox_payload (
    inbox_id    bigint      NOT NULL,
    received_at timestamptz NOT NULL,
    headers     text        NOT NULL,
    body        bytea       NOT NULL,
    CONSTRAINT inbox_payload_pkey PRIMARY KEY (inbox_id, received_at)
) PARTITION BY RANGE (received_at);
ALTER TABLE bursar.inbox_payload ALTER COLUMN body SET STORAGE EXTERNAL;
-- An event must never fail because a month is missing.
CREATE TABLE bursar.inbox_payload_default PARTITION OF bursar.inbox_payload DEFAULT;

-- Same id, other bytes: refused or counted, kept for the operator's eyes, never processed.
CREATE TABLE bursar.inbox_conflict (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source      text        NOT NULL,
    event_id    text        NOT NULL,
    sha256      bytea       NOT NULL,
    received_at timestamptz NOT NULL,
    headers     text        NOT NULL,
    body        bytea       NOT NULL,
    CONSTRAINT inbox_conflict_once_key UNIQUE (source, event_id, sha256)
);

-- Calls to the outside. Same states and the same runner as the inbox; `key` is the business key that makes a call happen once (MAIL-6).
CREATE TABLE bursar.outbox (
    id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind           text        NOT NULL,
    key            text        NOT NULL,
    queue          text        NOT NULL,
    lane           text        NOT NULL,
    payload        jsonb       NOT NULL,
    inbox_id       bigint,
    state          text        NOT NULL DEFAULT 'received',
    created_at     timestamptz NOT NULL,
    fair_at        timestamptz NOT NULL,
    next_at        timestamptz NOT NULL,
    ready_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    attempts       smallint    NOT NULL DEFAULT 0,
    crashes        smallint    NOT NULL DEFAULT 0,
    solo_crashes   smallint    NOT NULL DEFAULT 0,
    claimed_alone  boolean     NOT NULL DEFAULT false,
    token          uuid,
    lease_until    timestamptz,
    error_class    text,
    error          text,
    fingerprint    text,
    handler_version text,
    started_at     timestamptz,
    done_at        timestamptz,
    result         jsonb,
    CONSTRAINT outbox_key_key UNIQUE (kind, key),
    CONSTRAINT outbox_queue_check CHECK (queue IN ('payments', 'payouts', 'notifications', 'maintenance')),
    CONSTRAINT outbox_state_check CHECK (state IN ('received', 'processing', 'done', 'waiting', 'dead')),
    CONSTRAINT outbox_token_check CHECK ((state = 'processing') = (token IS NOT NULL) AND (token IS NULL) = (lease_until IS NULL)),
    CONSTRAINT outbox_done_at_check CHECK ((state = 'done') = (done_at IS NOT NULL)),
    CONSTRAINT outbox_dead_error_check CHECK (state <> 'dead' OR (error IS NOT NULL AND fingerprint IS NOT NULL))
) WITH (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);

CREATE INDEX outbox_claim_idx   ON bursar.outbox (queue, fair_at, id) WHERE state = 'received';
CREATE INDEX outbox_waiting_idx ON bursar.outbox (next_at) WHERE state = 'waiting';
CREATE INDEX outbox_lease_idx   ON bursar.outbox (lease_until) WHERE state = 'processing';
CREATE INDEX outbox_dead_idx    ON bursar.outbox (fingerprint, id) WHERE state = 'dead';

-- Promise 6: a run claims its slot here; two beats are harmless.
CREATE TABLE bursar.schedule_slot (
    job         text        NOT NULL,
    slot_at     timestamptz NOT NULL,
    state       text        NOT NULL,
    queue       text        NOT NULL,
    ready_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    token       uuid,
    lease_until timestamptz,
    attempts    smallint    NOT NULL DEFAULT 0,
    started_at  timestamptz,
    done_at     timestamptz,
    error       text,
    result      jsonb,
    CONSTRAINT schedule_slot_pkey PRIMARY KEY (job, slot_at),
    CONSTRAINT schedule_slot_state_check CHECK (state IN ('due', 'running', 'done', 'failed', 'skipped')),
    CONSTRAINT schedule_slot_token_check CHECK ((state = 'running') = (token IS NOT NULL) AND (token IS NULL) = (lease_until IS NULL)),
    CONSTRAINT schedule_slot_done_at_check CHECK ((state IN ('done', 'failed', 'skipped')) = (done_at IS NOT NULL))
);
CREATE INDEX schedule_slot_open_idx ON bursar.schedule_slot (state, slot_at) WHERE state IN ('due', 'running');

-- Who is alive, end to end: a worker group's row is written by a message that went through its queue.
CREATE TABLE bursar.heartbeat (
    name    text        PRIMARY KEY,
    beat_at timestamptz NOT NULL,
    detail  jsonb       NOT NULL DEFAULT '{}'
);

-- AUDIT-1..3: append-only, a keyed MAC per row, chained by the sealer.
CREATE TABLE bursar.audit (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uid         uuid        NOT NULL UNIQUE,
    at          timestamptz NOT NULL,
    actor       text        NOT NULL,
    reason      text        NOT NULL,
    action      text        NOT NULL,
    object_type text        NOT NULL,
    object_id   text        NOT NULL,
    before      jsonb,
    after       jsonb,
    inbox_id    bigint,
    key_id      text        NOT NULL,
    mac         bytea       NOT NULL,
    CONSTRAINT audit_mac_check CHECK (octet_length(mac) = 32),
    CONSTRAINT audit_actor_check CHECK (actor <> '' AND action <> '' AND reason <> '')
);
CREATE INDEX audit_object_idx ON bursar.audit (object_type, object_id, id);
CREATE INDEX audit_inbox_idx ON bursar.audit (inbox_id) WHERE inbox_id IS NOT NULL;

CREATE TABLE bursar.audit_seal (
    seq      bigint NOT NULL PRIMARY KEY,
    audit_id bigint NOT NULL UNIQUE,
    prev     bytea  NOT NULL,
    hash     bytea  NOT NULL,
    CONSTRAINT audit_seal_seq_check CHECK (seq > 0),
    CONSTRAINT audit_seal_hash_check CHECK (octet_length(prev) = 32 AND octet_length(hash) = 32)
);

CREATE FUNCTION bursar.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused; add a correcting row instead', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON bursar.audit
    FOR EACH STATEMENT EXECUTE FUNCTION bursar.refuse_change();
CREATE TRIGGER audit_seal_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON bursar.audit_seal
    FOR EACH STATEMENT EXECUTE FUNCTION bursar.refuse_change();

-- Months of payloads: made ahead, dropped by retention. Owner's work, so behind functions that the maintenance role may call.
CREATE FUNCTION bursar.ensure_payload_month(month date) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, bursar AS $$
DECLARE
    first date := date_trunc('month', month)::date;
    part  text := 'inbox_payload_' || to_char(month, 'YYYY_MM');
BEGIN
    IF to_regclass('bursar.' || part) IS NULL THEN
        EXECUTE format('CREATE TABLE bursar.%I PARTITION OF bursar.inbox_payload FOR VALUES FROM (%L) TO (%L)',
                       part, first || ' 00:00+00', (first + interval '1 month')::date || ' 00:00+00');
    END IF;
    RETURN part;
END $$;

-- CLEAN-4: payloads of rows that are not final move to the default partition, so nothing open is ever dropped.
-- The receiver waits for a lock no longer than 1 s, so this gives up sooner (the run tries again) and works fast while it
-- holds it: the few rows that are not final come from the indexes of their states, never from a scan of the month.
CREATE FUNCTION bursar.drop_payload_month(month date) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, bursar, pg_temp SET lock_timeout = '500ms' SET enable_seqscan = off AS $$
DECLARE
    first date := date_trunc('month', month)::date;
    part  text := 'inbox_payload_' || to_char(month, 'YYYY_MM');
    kept  bigint := 0;
    moved bigint;
    open_state text;
BEGIN
    IF to_regclass('bursar.' || part) IS NULL THEN
        RETURN 0;
    END IF;
    EXECUTE format('ALTER TABLE bursar.inbox_payload DETACH PARTITION bursar.%I', part);
    FOREACH open_state IN ARRAY ARRAY['received', 'processing', 'waiting', 'dead'] LOOP
        EXECUTE format('INSERT INTO bursar.inbox_payload_default SELECT p.* FROM bursar.inbox i '
                       'JOIN bursar.%I p ON p.inbox_id = i.id AND p.received_at = i.received_at '
                       'WHERE i.state = %L AND i.received_at >= %L AND i.received_at < %L',
                       part, open_state, first || ' 00:00+00', (first + interval '1 month')::date || ' 00:00+00');
        GET DIAGNOSTICS moved = ROW_COUNT;
        kept := kept + moved;
    END LOOP;
    EXECUTE format('DROP TABLE bursar.%I', part);
    RETURN kept;
END $$;
REVOKE ALL ON FUNCTION bursar.ensure_payload_month(date), bursar.drop_payload_month(date) FROM PUBLIC;

-- Rights. The receiver may add and look up keys, nothing else; nobody may change what is append-only.
GRANT USAGE ON SCHEMA bursar TO bursar_recv, bursar_app, bursar_maintenance;
GRANT INSERT, SELECT ON bursar.inbox TO bursar_recv;
GRANT INSERT ON bursar.inbox_payload, bursar.inbox_conflict TO bursar_recv;
GRANT SELECT ON bursar.inbox_conflict TO bursar_recv;
GRANT SELECT, INSERT, UPDATE ON bursar.inbox, bursar.outbox, bursar.schedule_slot, bursar.heartbeat TO bursar_app, bursar_maintenance;
GRANT SELECT ON bursar.inbox_payload, bursar.inbox_conflict TO bursar_app, bursar_maintenance;
GRANT INSERT ON bursar.inbox_payload TO bursar_app;
GRANT SELECT, INSERT ON bursar.audit, bursar.audit_seal TO bursar_app, bursar_maintenance;
GRANT DELETE ON bursar.schedule_slot, bursar.heartbeat TO bursar_maintenance;
GRANT EXECUTE ON FUNCTION bursar.ensure_payload_month(date), bursar.drop_payload_month(date) TO bursar_maintenance;
