-- Forgetting a customer and keeping what the books need (SEC-6). Which column goes and which stays: billing.rules.personal_data.
-- Why like this: docs/decisions/0117-privacy.md.
ALTER TABLE bursar.subscriber ADD COLUMN erased_at timestamptz;

-- One customer's erasure, and how far it has come. `emails` are needed to find what is told by address only; they go with the end.
-- external_id: the app's id of the customer. Statuses: billing.rules.states_privacy.
CREATE TABLE bursar.erasure (
    id             uuid        PRIMARY KEY,
    source         text        NOT NULL,
    external_id    text        NOT NULL,
    versions       jsonb       NOT NULL,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    status         text,
    reason         text,
    actor          text,
    requested_at   timestamptz,
    step           text,
    inbox_after    bigint,
    outbox_after   bigint,
    open_inbox     bigint,
    open_outbox    bigint,
    waits_for      text,
    due_at         timestamptz,
    again_until    timestamptz,
    emails         jsonb,
    counts         jsonb,
    customers      jsonb,
    completed_at   timestamptz,
    CONSTRAINT erasure_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT erasure_source_check CHECK (source = 'bursar'),
    CONSTRAINT erasure_status_check CHECK (status IN ('done', 'running', 'waiting')),
    CONSTRAINT erasure_step_check CHECK (step IN ('calls', 'events', 'rows')),
    CONSTRAINT erasure_done_check CHECK (status <> 'done' OR completed_at IS NOT NULL AND emails IS NULL)
);
CREATE INDEX erasure_due_at_idx ON bursar.erasure (due_at, id) WHERE due_at IS NOT NULL;
GRANT SELECT, INSERT, UPDATE ON bursar.erasure TO bursar_app;
GRANT SELECT ON bursar.erasure TO bursar_maintenance;

-- Whose bytes were erased, so that a replay can say so. The row and its digest stay in the inbox.
CREATE TABLE bursar.erased_payload (
    inbox_id    bigint      NOT NULL,
    erasure_id  uuid        NOT NULL,
    erased_at   timestamptz NOT NULL,
    CONSTRAINT erased_payload_pkey PRIMARY KEY (inbox_id),
    CONSTRAINT erased_payload_erasure_id_fkey FOREIGN KEY (erasure_id) REFERENCES bursar.erasure (id)
);
GRANT SELECT ON bursar.erased_payload TO bursar_app, bursar_maintenance;

-- The bytes of final rows only: an event that is still to be processed keeps its own, and the erasure waits for it.
CREATE FUNCTION bursar.erase_payloads(erasure uuid, ids bigint[], at timestamptz) RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, bursar, pg_temp AS $$
    WITH final AS MATERIALIZED (
        SELECT i.id, i.received_at, i.source, i.event_id FROM inbox i
        WHERE i.id = ANY (ids) AND i.state IN ('done', 'ignored') ORDER BY i.id FOR UPDATE),
    bodies AS (DELETE FROM inbox_payload p USING final f WHERE p.inbox_id = f.id AND p.received_at = f.received_at RETURNING p.inbox_id),
    others AS (DELETE FROM inbox_conflict c USING final f WHERE c.source = f.source AND c.event_id = f.event_id RETURNING c.id),
    errors AS (UPDATE inbox i SET error = NULL FROM final f WHERE i.id = f.id AND i.error IS NOT NULL RETURNING i.id),
    noted AS (INSERT INTO erased_payload (inbox_id, erasure_id, erased_at) SELECT b.inbox_id, erasure, at FROM bodies b
              ON CONFLICT (inbox_id) DO NOTHING RETURNING inbox_id)
    SELECT count(*) FROM bodies
$$;
REVOKE ALL ON FUNCTION bursar.erase_payloads(uuid, bigint[], timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION bursar.erase_payloads(uuid, bigint[], timestamptz) TO bursar_app;

-- A body that was answered long ago may be forgotten, and only that: whoever was asked for what, under which key, stays.
CREATE OR REPLACE FUNCTION bursar.keep_submission() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state IN ('settled', 'abandoned') AND NEW.body = '{}' AND OLD.body <> '{}'
       AND to_jsonb(NEW) - 'body' = to_jsonb(OLD) - 'body' THEN
        RETURN NEW;
    END IF;
    IF (NEW.source, NEW.operation, NEW.key, NEW.request_type, NEW.request_ref, NEW.request_id, NEW.attempt, NEW.kind, NEW.path, NEW.account, NEW.body)
       IS DISTINCT FROM (OLD.source, OLD.operation, OLD.key, OLD.request_type, OLD.request_ref, OLD.request_id, OLD.attempt, OLD.kind, OLD.path, OLD.account, OLD.body)
    THEN
        RAISE EXCEPTION 'submission %: what is to be sent, and under which key, never changes', OLD.key USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF OLD.state IN ('settled', 'abandoned') OR (OLD.state = 'submitted' AND NEW.state NOT IN ('submitted', 'settled')) THEN
        RAISE EXCEPTION 'submission %: from % to %, no legal move', OLD.key, OLD.state, NEW.state USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
