-- Who may come in: tokens of links in mails, sessions, logins, and the limiter that all doors share (SEC-4, SEC-5, SEC-7).
-- Why each of these: docs/decisions/0117-privacy.md.

-- A person who signs in at the app, under the app's own id. Sessions that were opened at or before `sessions_revoked_at` are over, except
-- the one that asked for it.
CREATE TABLE bursar.app_user (
    id                   uuid        PRIMARY KEY,
    source               text        NOT NULL,
    external_id          text        NOT NULL,
    versions             jsonb       NOT NULL,
    created_at           timestamptz NOT NULL,
    updated_at           timestamptz NOT NULL,
    sessions_revoked_at  timestamptz,
    sessions_spared      text,
    CONSTRAINT app_user_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT app_user_source_check CHECK (source = 'bursar')
);

-- The wish for a link that proves something once. external_id: the app's own name for the wish. `email` is where it goes to.
CREATE TABLE bursar.user_token (
    id                   uuid        PRIMARY KEY,
    source               text        NOT NULL,
    external_id          text        NOT NULL,
    versions             jsonb       NOT NULL,
    created_at           timestamptz NOT NULL,
    updated_at           timestamptz NOT NULL,
    user_ref             text,
    purpose              text,
    email                text,
    requested_at         timestamptz,
    send_until           timestamptz,
    expires_at           timestamptz,
    used_at              timestamptz,
    revoked_at           timestamptz,
    CONSTRAINT user_token_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT user_token_source_check CHECK (source = 'bursar'),
    CONSTRAINT user_token_purpose_check CHECK (purpose IN ('email_verification', 'password_reset', 'registration'))
);
CREATE INDEX user_token_user_idx ON bursar.user_token (user_ref, purpose, requested_at);
CREATE INDEX user_token_old_idx ON bursar.user_token (greatest(send_until, expires_at), id);

-- What was sent: digests only. A mail that is tried again brings a token of its own; the first one that comes back uses up the wish.
CREATE TABLE bursar.token_secret (
    sha256      bytea       NOT NULL,
    token_id    uuid        NOT NULL,
    made_at     timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    CONSTRAINT token_secret_pkey PRIMARY KEY (sha256),
    CONSTRAINT token_secret_token_id_fkey FOREIGN KEY (token_id) REFERENCES bursar.user_token (id) ON DELETE CASCADE,
    CONSTRAINT token_secret_sha256_check CHECK (octet_length(sha256) = 32),
    CONSTRAINT token_secret_life_check CHECK (expires_at > made_at)
);
CREATE INDEX token_secret_token_id_idx ON bursar.token_secret (token_id);

-- external_id: the sha256 of the session's id, in hex; the id itself is never told to Bursar.
CREATE TABLE bursar.user_session (
    id                   uuid        PRIMARY KEY,
    source               text        NOT NULL,
    external_id          text        NOT NULL,
    versions             jsonb       NOT NULL,
    created_at           timestamptz NOT NULL,
    updated_at           timestamptz NOT NULL,
    user_ref             text,
    opened_at            timestamptz,
    seen_at              timestamptz,
    idle_s               bigint,
    ends_at              timestamptz,
    revoked_at           timestamptz,
    revoked_because      text,
    device               text,
    address              text,
    CONSTRAINT user_session_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT user_session_source_check CHECK (source = 'bursar'),
    CONSTRAINT user_session_sha256_check CHECK (external_id ~ '^[0-9a-f]+$' AND octet_length(external_id) = 64),
    CONSTRAINT user_session_idle_s_check CHECK (idle_s BETWEEN 60 AND 31536000),
    CONSTRAINT user_session_ends_at_check CHECK (ends_at > opened_at)
);
CREATE INDEX user_session_user_idx ON bursar.user_session (user_ref, opened_at);
CREATE INDEX user_session_ends_at_idx ON bursar.user_session (ends_at, id);

-- What the app tells of logins. external_id: the app's own name for the try.
CREATE TABLE bursar.login (
    id                   uuid        PRIMARY KEY,
    source               text        NOT NULL,
    external_id          text        NOT NULL,
    versions             jsonb       NOT NULL,
    created_at           timestamptz NOT NULL,
    updated_at           timestamptz NOT NULL,
    user_ref             text,
    outcome              text,
    method               text,
    at                   timestamptz,
    device               text,
    address              text,
    CONSTRAINT login_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT login_source_check CHECK (source = 'bursar'),
    CONSTRAINT login_outcome_check CHECK (outcome IN ('failed', 'locked', 'succeeded'))
);
CREATE INDEX login_user_idx ON bursar.login (user_ref, at);
CREATE INDEX login_at_idx ON bursar.login (at, id);

-- SEC-5: one row per key and no history. `free_at` is when all that was taken is there again; the key itself is not stored, only
-- its scope (what stands before the first colon), because keys hold addresses.
CREATE TABLE bursar.rate_limit (
    sha256         bytea       NOT NULL,
    scope          text        NOT NULL,
    free_at        timestamptz NOT NULL,
    refused        bigint      NOT NULL DEFAULT 0,
    refused_since  timestamptz,
    refused_last   timestamptz,
    CONSTRAINT rate_limit_pkey PRIMARY KEY (sha256),
    CONSTRAINT rate_limit_sha256_check CHECK (octet_length(sha256) = 32),
    CONSTRAINT rate_limit_refused_check CHECK (refused >= 0 AND (refused = 0) = (refused_since IS NULL))
) WITH (fillfactor = 70);
CREATE INDEX rate_limit_free_at_idx ON bursar.rate_limit (free_at);
CREATE INDEX rate_limit_refused_idx ON bursar.rate_limit (refused_last) WHERE refused > 0;

GRANT SELECT, INSERT, UPDATE ON bursar.app_user, bursar.user_token, bursar.user_session, bursar.login TO bursar_app;
GRANT SELECT, INSERT ON bursar.token_secret TO bursar_app;
GRANT SELECT ON bursar.rate_limit TO bursar_app;
GRANT SELECT ON bursar.app_user TO bursar_maintenance;
GRANT SELECT, DELETE ON bursar.user_token, bursar.token_secret, bursar.user_session, bursar.login, bursar.rate_limit TO bursar_maintenance;

-- Whether a session still is one, at an instant.
CREATE FUNCTION bursar.session_runs(s bursar.user_session, at timestamptz) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, bursar, pg_temp AS $$
    SELECT s.versions <> '{}' AND s.revoked_at IS NULL AND at < s.ends_at AND at < s.seen_at + s.idle_s * interval '1 second'
           AND NOT EXISTS (SELECT FROM app_user u WHERE u.source = 'bursar' AND u.external_id = s.user_ref
                           AND s.opened_at <= u.sessions_revoked_at AND s.external_id IS DISTINCT FROM u.sessions_spared)
$$;

-- SEC-4: uses a token up, in the app's own transaction: if that is rolled back, the token is as good as before. Of many at once one is
-- told who it was. A token that is not for this purpose is unknown.
CREATE FUNCTION bursar.redeem_token(token text, purpose text, at timestamptz) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, bursar, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    secret bursar.token_secret;
    wish   bursar.user_token;
    why    text;
BEGIN
    SELECT s.* INTO secret FROM token_secret s WHERE s.sha256 = pg_catalog.sha256(convert_to(token, 'UTF8'));
    IF FOUND THEN
        SELECT t.* INTO wish FROM user_token t WHERE t.id = secret.token_id FOR UPDATE;
    END IF;
    why := CASE WHEN wish.id IS NULL OR wish.purpose IS DISTINCT FROM redeem_token.purpose THEN 'unknown'
                WHEN wish.used_at IS NOT NULL THEN 'used'
                WHEN wish.revoked_at IS NOT NULL THEN 'replaced'
                WHEN secret.expires_at <= at THEN 'expired' END;
    IF why IS NOT NULL THEN
        RETURN jsonb_build_object('ok', false, 'why', why);
    END IF;
    UPDATE user_token t SET used_at = at, updated_at = greatest(t.updated_at, at) WHERE t.id = wish.id;
    RETURN jsonb_build_object('ok', true, 'user', wish.user_ref, 'purpose', wish.purpose, 'email', wish.email, 'requested_at', wish.requested_at);
END $$;

CREATE FUNCTION bursar_api.redeem_token(token text, purpose text) RETURNS jsonb
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT bursar.redeem_token(token, purpose, clock_timestamp())
$$;
COMMENT ON FUNCTION bursar_api.redeem_token(text, text) IS
    'Uses up a token from a mail: {ok: true, user, purpose, email} exactly once, else {ok: false, why: unknown|used|replaced|expired}.';

-- SEC-7: a session begins. The same digest again is the same session; as another user's it is refused.
CREATE FUNCTION bursar.open_session(session_sha256 text, user_ref text, idle_s integer, absolute_s integer, device text, address text,
                                    at timestamptz) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, bursar, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    found_ record;
BEGIN
    IF session_sha256 IS NULL OR session_sha256 !~ '^[0-9a-f]{64}$' OR user_ref IS NULL OR user_ref ~ '[\x01-\x1f\x7f]'
       OR length(user_ref) NOT BETWEEN 1 AND 255 OR idle_s NOT BETWEEN 60 AND 31536000 OR absolute_s NOT BETWEEN 60 AND 31536000
       OR length(device) > 255 OR length(address) > 64 THEN
        PERFORM bursar.refuse_command('BU400', 'invalid_session: a digest of 64 hex digits, a user and times of 60 s to a year are needed',
            'No session was opened.', 'Give sha256(session id) in hex, never the id itself.');
    END IF;
    INSERT INTO user_session AS s (id, source, external_id, versions, created_at, updated_at, user_ref, opened_at, seen_at, idle_s, ends_at, device, address)
    VALUES (gen_random_uuid(), 'bursar', session_sha256, '{"own": {}}', at, at, open_session.user_ref, at, at, open_session.idle_s,
            at + absolute_s * interval '1 second', open_session.device, open_session.address)
    ON CONFLICT (source, external_id) DO NOTHING;
    SELECT s.user_ref, s.opened_at, s.ends_at INTO found_ FROM user_session s WHERE s.source = 'bursar' AND s.external_id = session_sha256;
    IF found_.user_ref IS DISTINCT FROM open_session.user_ref THEN
        PERFORM bursar.refuse_command('BU409', 'session_taken: this session is another user''s', 'No session was opened.',
            'Make a new session id for each login: 32 random bytes.');
    END IF;
    RETURN jsonb_build_object('user', found_.user_ref, 'opened_at', found_.opened_at, 'ends_at', found_.ends_at);
END $$;

CREATE FUNCTION bursar_api.open_session(session_sha256 text, user_ref text, idle_s integer DEFAULT 1800, absolute_s integer DEFAULT 43200,
                                        device text DEFAULT NULL, address text DEFAULT NULL) RETURNS jsonb
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT bursar.open_session(session_sha256, user_ref, idle_s, absolute_s, device, address, clock_timestamp())
$$;
COMMENT ON FUNCTION bursar_api.open_session(text, text, integer, integer, text, text) IS
    'Begins a session: sha256 of its id in hex, whose it is, and after how many seconds without a look, and in all, it ends.';

-- Each look counts as use; a row is written once a minute at most.
CREATE FUNCTION bursar.check_session(session_sha256 text, at timestamptz) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, bursar, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    s bursar.user_session;
BEGIN
    SELECT * INTO s FROM user_session u WHERE u.source = 'bursar' AND u.external_id = session_sha256;
    IF NOT FOUND OR NOT session_runs(s, at) THEN
        RETURN NULL;
    END IF;
    IF at > s.seen_at + least(60, s.idle_s / 4) * interval '1 second' THEN
        UPDATE user_session u SET seen_at = greatest(u.seen_at, at) WHERE u.id = s.id AND u.revoked_at IS NULL;
    END IF;
    RETURN jsonb_build_object('user', s.user_ref, 'opened_at', s.opened_at, 'ends_at', s.ends_at);
END $$;

CREATE FUNCTION bursar_api.check_session(session_sha256 text) RETURNS jsonb
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT bursar.check_session(session_sha256, clock_timestamp())
$$;
COMMENT ON FUNCTION bursar_api.check_session(text) IS 'Whose session it is, and that it was used just now; NULL: it is none, or it is over.';

CREATE FUNCTION bursar_api.close_session(session_sha256 text) RETURNS boolean
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, bursar, pg_temp AS $$
    WITH closed AS (
        UPDATE user_session u SET revoked_at = clock_timestamp(), revoked_because = 'logout', updated_at = clock_timestamp()
        WHERE u.source = 'bursar' AND u.external_id = session_sha256 AND u.revoked_at IS NULL RETURNING 1)
    SELECT EXISTS (SELECT FROM closed)
$$;
COMMENT ON FUNCTION bursar_api.close_session(text) IS 'Ends a session at once, in your transaction; whether it ran until now.';

CREATE FUNCTION bursar.sessions(user_ref text, at timestamptz) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, bursar, pg_temp SET timezone = 'UTC' AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object('session_sha256', s.external_id, 'opened_at', s.opened_at, 'seen_at', s.seen_at,
                                                 'ends_at', s.ends_at, 'device', s.device, 'address', s.address)
                              ORDER BY s.seen_at DESC, s.external_id), '[]')
    FROM user_session s WHERE s.user_ref = sessions.user_ref AND session_runs(s, at)
$$;
CREATE FUNCTION bursar_api.sessions(user_ref text) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT bursar.sessions(user_ref, clock_timestamp())
$$;
COMMENT ON FUNCTION bursar_api.sessions(text) IS 'The sessions of a user that run now, the last used one first.';

-- SEC-5: `most` takes within a window at once, then one each window/most seconds (generic cell rate). What is refused costs nothing.
CREATE FUNCTION bursar.take(key text, most integer, window_s integer, at timestamptz) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, bursar, pg_temp AS $$
DECLARE
    digest bytea := sha256(convert_to(key, 'UTF8'));
    each_  interval := window_s * interval '1 second' / most;
    until_ timestamptz := at + window_s * interval '1 second';
    taken  timestamptz;
BEGIN
    IF key IS NULL OR octet_length(key) NOT BETWEEN 1 AND 1024 OR most NOT BETWEEN 1 AND 100000 OR window_s NOT BETWEEN 1 AND 86400 THEN
        PERFORM bursar.refuse_command('BU400', 'invalid_limit: a key, 1 to 100000 takes and a window of 1 to 86400 s are needed',
            'Nothing was counted.', 'Mend the call.');
    END IF;
    INSERT INTO rate_limit (sha256, scope, free_at) VALUES (digest, left(split_part(key, ':', 1), 64), at)
    ON CONFLICT (sha256) DO NOTHING;
    SELECT greatest(r.free_at, at) + each_ INTO taken FROM rate_limit r WHERE r.sha256 = digest FOR UPDATE;
    IF taken > until_ THEN
        UPDATE rate_limit r SET refused = r.refused + 1, refused_since = coalesce(r.refused_since, at), refused_last = at WHERE r.sha256 = digest;
        RETURN jsonb_build_object('allowed', false, 'left', 0, 'retry_after_s', ceil(extract(epoch FROM taken - until_))::integer);
    END IF;
    UPDATE rate_limit r SET free_at = taken WHERE r.sha256 = digest;
    RETURN jsonb_build_object('allowed', true, 'left', floor(extract(epoch FROM until_ - taken) / extract(epoch FROM each_))::integer,
                              'retry_after_s', 0);
END $$;

CREATE FUNCTION bursar_api.take(key text, most integer, window_s integer) RETURNS jsonb
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT bursar.take(key, most, window_s, clock_timestamp())
$$;
COMMENT ON FUNCTION bursar_api.take(text, integer, integer) IS
    'A limiter that all your processes share: {allowed, left, retry_after_s}. Call it in a transaction of its own, before the work that it guards.';

REVOKE ALL ON FUNCTION bursar.session_runs(bursar.user_session, timestamptz), bursar.redeem_token(text, text, timestamptz),
    bursar.open_session(text, text, integer, integer, text, text, timestamptz), bursar.check_session(text, timestamptz),
    bursar.sessions(text, timestamptz), bursar.take(text, integer, integer, timestamptz), bursar_api.redeem_token(text, text),
    bursar_api.open_session(text, text, integer, integer, text, text), bursar_api.check_session(text), bursar_api.close_session(text),
    bursar_api.sessions(text), bursar_api.take(text, integer, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION bursar_api.redeem_token(text, text), bursar_api.open_session(text, text, integer, integer, text, text),
    bursar_api.check_session(text), bursar_api.close_session(text), bursar_api.sessions(text), bursar_api.take(text, integer, integer)
    TO bursar_client, bursar_app;
