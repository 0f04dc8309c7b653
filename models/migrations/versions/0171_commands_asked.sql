-- What a command is told about itself cost more than the command: SQL functions were planned anew at each call, and a command that
-- had just been stored was read back. PL/pgSQL keeps its plans for a session. Signatures, answers and rights are as they were.

-- How the request of a command stands; NULL while it has asked for nothing.
CREATE FUNCTION bursar.command_outcome(row_id bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, bursar, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    request uuid := (SELECT substring(r.result ->> 'request' FROM '^[a-z]+_([0-9a-f]{32})$')::uuid FROM command_result r
                     WHERE r.inbox_id = row_id);
BEGIN
    IF request IS NULL THEN
        RETURN NULL;
    END IF;
    RETURN (SELECT to_jsonb(o) - 'id' FROM request_outcome o WHERE o.id = request);
END $$;
REVOKE ALL ON FUNCTION bursar.command_outcome(bigint) FROM PUBLIC;

-- The status object of one row. A command that waits for its turn (error_class WaitsForTurn) has not failed: it is accepted.
CREATE OR REPLACE FUNCTION bursar.command_state(row_id bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, bursar, pg_temp SET timezone = 'UTC' AS $$
BEGIN
    RETURN (SELECT jsonb_build_object(
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
    WHERE i.id = row_id);
END $$;

CREATE OR REPLACE FUNCTION bursar.command_status(row_id bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, bursar, pg_temp AS $$
BEGIN
    RETURN command_state(row_id) || jsonb_build_object('outcome', command_outcome(row_id));
END $$;

CREATE OR REPLACE FUNCTION bursar_api.status(key text) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, bursar, pg_temp AS $$
BEGIN
    RETURN (SELECT command_status(i.id) FROM inbox i WHERE i.source = 'app' AND i.event_id = status.key);
END $$;

-- Without the status, which nobody asked for. The key of a command that has asked for nothing gives a null of JSON, as ever.
CREATE OR REPLACE FUNCTION bursar_api.outcome(key text) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, bursar, pg_temp AS $$
BEGIN
    RETURN (SELECT coalesce(command_outcome(i.id), 'null') FROM inbox i WHERE i.source = 'app' AND i.event_id = outcome.key);
END $$;

-- A command's bytes: made here only, from jsonb, so that whichever way it comes, one command has one body.
CREATE OR REPLACE FUNCTION bursar.command_body(name text, payload jsonb, key text, lane text, actor text, OUT body bytea, OUT in_lane text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    in_lane := coalesce(lane, CASE WHEN jsonb_typeof(payload -> 'customer_ref') = 'string' THEN nullif(payload ->> 'customer_ref', '') END, key);
    body := convert_to(jsonb_build_object('actor', coalesce(actor, 'app'), 'lane', in_lane, 'name', name, 'payload', payload)::text, 'UTF8');
END $$;

-- Put a command into the inbox, in the caller's transaction. The unique constraint decides (INBOX-2): of many at once one is
-- new; the others wait for its commit and are told its state. In REPEATABLE READ, where that state cannot be seen, PostgreSQL
-- itself raises 40001, as for any other write: the app runs its transaction again.
CREATE OR REPLACE FUNCTION bursar.accept_command(name text, payload jsonb, key text, lane text, actor text, via text, at timestamptz)
RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, bursar, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    to_queue text;
    digest   bytea;
    made     record;
    row_id   bigint;
    problem  text;
    first    record;
    full_lane text;
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
    END IF;
    IF row_id IS NOT NULL THEN
        INSERT INTO inbox_payload (inbox_id, received_at, headers, body)
        VALUES (row_id, at, jsonb_build_object('via', via, 'login', session_user)::text, made.body);
        PERFORM pg_notify('bursar_inbox', to_queue);
        -- What command_status says of a row that nobody has seen yet.
        RETURN jsonb_build_object('key', key, 'name', name, 'state', 'accepted', 'attempts', 0, 'code', NULL, 'message', NULL,
            'details', '{}'::jsonb, 'result', NULL, 'submitted_at', at, 'next_try_at', NULL, 'finished_at', NULL, 'outcome', NULL, 'new', true);
    END IF;
    SELECT i.id, i.sha256 INTO first FROM inbox i WHERE i.source = 'app' AND i.event_id = accept_command.key;
    IF to_queue IS NULL AND first.sha256 IS DISTINCT FROM digest THEN
        PERFORM bursar.refuse_command('BU404', format('unknown_command: this version knows no command %s', accept_command.name),
            'Nothing was stored.', 'Check the name. If the app is newer than Bursar, upgrade Bursar first: `bursar migrate` makes its names known.');
    ELSIF first.sha256 IS DISTINCT FROM digest THEN
        PERFORM bursar.refuse_command('BU409', format('idempotency_conflict: the key %s belongs to another command', accept_command.key),
            'The first command stands as it is; this one was not stored.',
            'One key is one intention: use a key of its own for another command, and send exactly the same one again when repeating it.');
    END IF;
    RETURN bursar.command_status(first.id) || jsonb_build_object('new', false);
END $$;
