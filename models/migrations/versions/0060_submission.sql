-- Calls that move money or make things at a provider (promise 4; PAY-2, PAY-16): written with the key and the exact body before
-- the call, in the transaction of the row that wants it. `state` is the machine's:
--   reserved   nothing has been sent
--   in_flight  it is being sent, or a worker died while it was
--   unknown    it was sent, and nobody can say what came of it; only the same key may be sent again, or the provider asked
--   submitted  the provider answered; the answer is an inbox row
--   settled    the answer's effects are in our rows
--   abandoned  surely nothing was made at the provider, and nothing will be
CREATE TABLE bursar.submission (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source        text        NOT NULL,
    operation     text        NOT NULL,
    key           text        NOT NULL,
    request_type  text        NOT NULL,
    request_ref   text        NOT NULL,
    request_id    uuid        NOT NULL,
    attempt       smallint    NOT NULL,
    kind          text        NOT NULL,
    path          text        NOT NULL,
    account       text,
    body          text        NOT NULL,
    state         text        NOT NULL DEFAULT 'reserved',
    -- A key that the provider answers with a stored 5xx, or has forgotten, is replaced after a look-up found nothing: `key:2`.
    generation    smallint    NOT NULL DEFAULT 1,
    sends         smallint    NOT NULL DEFAULT 0,
    look_ups      smallint    NOT NULL DEFAULT 0,
    reserved_at   timestamptz NOT NULL,
    sent_at       timestamptz,
    unknown_at    timestamptz,
    submitted_at  timestamptz,
    settled_at    timestamptz,
    outcome       text,
    error         text,
    inbox_id      bigint,
    CONSTRAINT submission_source_check CHECK (source IN ('stripe', 'paypal')),
    -- With `:2` behind it a key still has at most 64 characters (PAY-2).
    CONSTRAINT submission_key_check CHECK (octet_length(key) BETWEEN 1 AND 60 AND key ~ '^[\x21-\x7e]+$'),
    CONSTRAINT submission_key_key UNIQUE (source, key),
    CONSTRAINT submission_attempt_key UNIQUE (source, operation, request_id, attempt),
    CONSTRAINT submission_counts_check CHECK (attempt > 0 AND generation > 0 AND sends >= 0 AND look_ups >= 0),
    CONSTRAINT submission_state_check CHECK (state IN ('reserved', 'in_flight', 'submitted', 'unknown', 'settled', 'abandoned')),
    CONSTRAINT submission_sent_check CHECK (state IN ('reserved', 'abandoned') OR sent_at IS NOT NULL),
    CONSTRAINT submission_outcome_check CHECK (outcome IN ('accepted', 'refused')),
    CONSTRAINT submission_answered_check CHECK ((state IN ('submitted', 'settled')) = (outcome IS NOT NULL) AND (outcome IS NULL) = (submitted_at IS NULL)),
    CONSTRAINT submission_settled_check CHECK ((state IN ('settled', 'abandoned')) = (settled_at IS NOT NULL))
) WITH (fillfactor = 85);
CREATE INDEX submission_request_idx ON bursar.submission (request_id);
CREATE INDEX submission_open_idx ON bursar.submission (state, reserved_at) WHERE state IN ('reserved', 'in_flight', 'submitted', 'unknown');
GRANT SELECT, INSERT, UPDATE ON bursar.submission TO bursar_app;
GRANT SELECT ON bursar.submission TO bursar_maintenance;

-- What is sent can no longer be changed: a key with another body would be refused, or worse.
CREATE FUNCTION bursar.keep_submission() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
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
CREATE TRIGGER submission_keep BEFORE UPDATE ON bursar.submission FOR EACH ROW EXECUTE FUNCTION bursar.keep_submission();
CREATE TRIGGER submission_stays BEFORE DELETE OR TRUNCATE ON bursar.submission FOR EACH STATEMENT EXECUTE FUNCTION bursar.refuse_change();
