-- The main app's door (docs/decisions/0080-commands.md). `bursar_api.submit` and `bursar_api.status` are all that the app's login
-- can reach: it is granted the role bursar_client, which has USAGE on the schema bursar_api, EXECUTE on these two, and nothing else.
DO $$
BEGIN
    PERFORM pg_advisory_xact_lock(7305128);
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'bursar_client') THEN
        BEGIN
            CREATE ROLE bursar_client NOLOGIN;
        EXCEPTION WHEN insufficient_privilege THEN
            RAISE EXCEPTION 'role bursar_client is missing and this login may not create it'
                USING HINT = 'As a superuser: CREATE ROLE bursar_client NOLOGIN; then migrate again.';
        WHEN duplicate_object OR unique_violation THEN
            NULL;  -- another database's migration was quicker
        END;
    END IF;
END $$;

CREATE SCHEMA IF NOT EXISTS bursar_api;
REVOKE ALL ON SCHEMA bursar_api FROM PUBLIC;
GRANT USAGE ON SCHEMA bursar_api TO bursar_client, bursar_recv, bursar_app, bursar_maintenance;

-- The names that this version accepts, written by `bursar migrate` from the code.
CREATE TABLE bursar.command_kind (
    name  text NOT NULL,
    queue text NOT NULL,
    CONSTRAINT command_kind_pkey PRIMARY KEY (name),
    CONSTRAINT command_kind_name_check CHECK (name ~ '^billing\.[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*\.v[1-9][0-9]*$' AND octet_length(name) <= 255),
    CONSTRAINT command_kind_queue_check CHECK (queue IN ('payments', 'payouts', 'notifications', 'maintenance'))
);
GRANT SELECT ON bursar.command_kind TO bursar_app, bursar_maintenance;

-- What came of a command: its result, or why it was refused (`code`). Written in the transaction that finishes it.
CREATE TABLE bursar.command_result (
    inbox_id bigint NOT NULL,
    code     text,
    message  text,
    details  jsonb  NOT NULL DEFAULT '{}',
    result   jsonb,
    CONSTRAINT command_result_pkey PRIMARY KEY (inbox_id),
    CONSTRAINT command_result_code_check CHECK (code ~ '^[a-z][a-z0-9_]*$' AND octet_length(code) <= 64),
    CONSTRAINT command_result_refusal_check CHECK ((code IS NULL) = (message IS NULL) AND (code IS NULL OR result IS NULL)),
    CONSTRAINT command_result_details_check CHECK (jsonb_typeof(details) = 'object')
);
GRANT SELECT, INSERT, UPDATE ON bursar.command_result TO bursar_app, bursar_maintenance;

-- First in, first out: the unfinished commands of a lane in their order. Providers' rows are never in it. IS TRUE: no other index
-- can serve a query that says so, whatever old statistics make the planner believe.
CREATE INDEX inbox_app_lane_idx ON bursar.inbox (lane, id) WHERE (source = 'app') IS TRUE AND state IN ('received', 'processing', 'waiting');

CREATE FUNCTION bursar.refuse_command(state text, problem text, effect text, next_step text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = state, MESSAGE = problem, DETAIL = effect, HINT = next_step;
END $$;

-- The status object of one row. A command that waits for its turn (error_class WaitsForTurn) has not failed: it is accepted.
CREATE FUNCTION bursar.command_status(row_id bigint) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, bursar, pg_temp SET timezone = 'UTC' AS $$
    SELECT jsonb_build_object(
        'key', i.event_id, 'name', i.event_type, 'state', s.state, 'attempts', i.attempts,
        'code', CASE s.state WHEN 'rejected' THEN r.code WHEN 'failed' THEN 'failed' END,
        'message', CASE s.state WHEN 'rejected' THEN r.message
                                WHEN 'failed' THEN 'it failed and is given up for now; Bursar''s operators see it and can run it again' END,
        'details', CASE s.state WHEN 'rejected' THEN r.details ELSE '{}' END,
        'result', CASE s.state WHEN 'succeeded' THEN r.result END,
        'submitted_at', i.received_at,
        'next_try_at', CASE s.state WHEN 'retrying' THEN i.next_at END,
        'finished_at', CASE WHEN s.state IN ('succeeded', 'rejected') THEN i.done_at WHEN s.state = 'failed' THEN i.next_at END)
    FROM inbox i LEFT JOIN command_result r ON r.inbox_id = i.id
    CROSS JOIN LATERAL (SELECT CASE
        WHEN i.state = 'done' THEN CASE WHEN r.code IS NULL THEN 'succeeded' ELSE 'rejected' END
        WHEN i.state IN ('dead', 'ignored') THEN 'failed'
        WHEN i.state = 'processing' OR i.state = 'received' AND i.id = ANY (ARRAY(SELECT unnest(c.ids) FROM inbox_claim c)) THEN 'running'
        WHEN i.attempts = 0 OR i.error_class = 'WaitsForTurn' THEN 'accepted'
        ELSE 'retrying' END) AS s (state)
    WHERE i.id = row_id
$$;

-- A command's bytes: made here only, from jsonb, so that whichever way it comes, one command has one body.
CREATE FUNCTION bursar.command_body(name text, payload jsonb, key text, lane text, actor text, OUT body bytea, OUT in_lane text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT convert_to(jsonb_build_object('actor', coalesce(actor, 'app'), 'lane', l.lane, 'name', name, 'payload', payload)::text, 'UTF8'), l.lane
    FROM (SELECT coalesce(lane, CASE WHEN jsonb_typeof(payload -> 'customer_ref') = 'string' THEN nullif(payload ->> 'customer_ref', '') END,
                          key) AS lane) AS l
$$;

-- Put a command into the inbox, in the caller's transaction. The unique constraint decides (INBOX-2): of many at once one is
-- new; the others wait for its commit and are told its state. In REPEATABLE READ, where that state cannot be seen, PostgreSQL
-- itself raises 40001, as for any other write: the app runs its transaction again.
CREATE FUNCTION bursar.accept_command(name text, payload jsonb, key text, lane text, actor text, via text, at timestamptz) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, bursar, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    to_queue text;
    digest   bytea;
    made     record;
    row_id   bigint;
    problem  text;
    first    record;
    full_lane text;
    is_new   boolean := false;
BEGIN
    problem := CASE
        WHEN name IS NULL OR name !~ '^billing\.[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*\.v[1-9][0-9]*$' OR octet_length(name) > 255
            THEN 'the name must look like billing.<domain>.<verb>.v<N>'
        WHEN key IS NULL OR key ~ '[^\x21-\x7e]' OR octet_length(key) NOT BETWEEN 1 AND 255
            THEN 'the key must be 1 to 255 visible ASCII characters, without blanks'
        WHEN payload IS NULL OR jsonb_typeof(payload) <> 'object' THEN 'the payload must be a JSON object'
        WHEN octet_length(payload::text) > 65536 THEN format('the payload has %s bytes, at most 65536 are taken', octet_length(payload::text))
        WHEN actor ~ '[\x01-\x1f\x7f]' OR length(actor) NOT BETWEEN 1 AND 255 THEN 'the actor must be 1 to 255 characters in one line'
        WHEN via IS NULL OR at IS NULL THEN 'the door must say who it is and when'
    END;
    IF problem IS NULL THEN
        made := bursar.command_body(name, payload, key, lane, actor);
        IF made.in_lane ~ '[\x01-\x1f\x7f]' OR length(made.in_lane) NOT BETWEEN 1 AND 255 THEN
            problem := 'the lane (or customer_ref, if none is given) must be 1 to 255 characters in one line';
        END IF;
    END IF;
    IF problem IS NOT NULL THEN
        PERFORM bursar.refuse_command('BU400', 'invalid_command: ' || problem, 'Nothing was stored.', 'Mend the call; the same one will be refused again.');
    END IF;
    digest := sha256(made.body);
    full_lane := 'app:' || made.in_lane;
    SELECT k.queue INTO to_queue FROM command_kind k WHERE k.name = accept_command.name;
    IF FOUND THEN
        -- fair_at: a lane that sends many commands stands behind the others, 5 ms apart (as the door stamps providers' lanes).
        INSERT INTO inbox (source, event_id, event_type, lane, queue, state, sha256, occurred_at, received_at, fair_at, next_at)
        SELECT 'app', accept_command.key, accept_command.name, full_lane, to_queue, 'received', digest, at, at,
               greatest(at, (SELECT i.fair_at + interval '5 ms' FROM inbox i
                             WHERE i.lane = full_lane AND (i.source = 'app') IS TRUE AND i.state IN ('received', 'processing', 'waiting')
                             ORDER BY i.id DESC LIMIT 1)), at
        ON CONFLICT (source, event_id) DO NOTHING RETURNING id INTO row_id;
        is_new := FOUND;
    END IF;
    IF is_new THEN
        INSERT INTO inbox_payload (inbox_id, received_at, headers, body)
        VALUES (row_id, at, jsonb_build_object('via', via, 'login', session_user)::text, made.body);
        PERFORM pg_notify('bursar_inbox', to_queue);
    ELSE
        SELECT i.id, i.sha256 INTO first FROM inbox i WHERE i.source = 'app' AND i.event_id = accept_command.key;
        IF to_queue IS NULL AND first.sha256 IS DISTINCT FROM digest THEN
            PERFORM bursar.refuse_command('BU404', format('unknown_command: this version knows no command %s', accept_command.name),
                'Nothing was stored.', 'Check the name. If the app is newer than Bursar, upgrade Bursar first: `bursar migrate` makes its names known.');
        ELSIF first.sha256 IS DISTINCT FROM digest THEN
            PERFORM bursar.refuse_command('BU409', format('idempotency_conflict: the key %s belongs to another command', accept_command.key),
                'The first command stands as it is; this one was not stored.',
                'One key is one intention: use a key of its own for another command, and send exactly the same one again when repeating it.');
        END IF;
        row_id := first.id;
    END IF;
    RETURN bursar.command_status(row_id) || jsonb_build_object('new', is_new);
END $$;

CREATE FUNCTION bursar_api.submit(name text, payload jsonb, key text, lane text DEFAULT NULL, actor text DEFAULT NULL) RETURNS jsonb
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT bursar.accept_command(name, payload, key, lane, actor, 'sql', clock_timestamp())
$$;

CREATE FUNCTION bursar_api.status(key text) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT bursar.command_status(i.id) FROM bursar.inbox i WHERE i.source = 'app' AND i.event_id = key
$$;

COMMENT ON FUNCTION bursar_api.submit(text, jsonb, text, text, text) IS
    'Hands a command to Bursar inside your own transaction: it runs if you commit, and never existed if you roll back. Returns its status.';
COMMENT ON FUNCTION bursar_api.status(text) IS 'The status of the command with this key; NULL if there is none.';

REVOKE ALL ON FUNCTION bursar.refuse_command(text, text, text, text), bursar.command_status(bigint),
    bursar.command_body(text, jsonb, text, text, text), bursar.accept_command(text, jsonb, text, text, text, text, timestamptz),
    bursar_api.submit(text, jsonb, text, text, text), bursar_api.status(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION bursar.accept_command(text, jsonb, text, text, text, text, timestamptz) TO bursar_recv, bursar_app, bursar_maintenance;
GRANT EXECUTE ON FUNCTION bursar.command_body(text, jsonb, text, text, text) TO bursar_app;
GRANT EXECUTE ON FUNCTION bursar_api.submit(text, jsonb, text, text, text), bursar_api.status(text)
    TO bursar_client, bursar_recv, bursar_app, bursar_maintenance;
