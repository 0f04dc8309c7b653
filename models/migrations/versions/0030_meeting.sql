-- Online meetings (Zoom). Every column but identity may be null: a row may be known by reference only, and events tell parts.
CREATE TABLE bursar.meeting (
    id          uuid        PRIMARY KEY,
    source      text        NOT NULL,
    external_id text        NOT NULL,
    versions    jsonb       NOT NULL,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    kind        text,
    host_ref    text,
    topic       text,
    starts_at   timestamptz,
    time_zone   text,
    duration_min bigint,
    deleted_at  timestamptz,
    CONSTRAINT meeting_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT meeting_kind_check CHECK (kind IN ('meeting', 'webinar'))
);

CREATE TABLE bursar.meeting_session (
    id          uuid        PRIMARY KEY,
    source      text        NOT NULL,
    external_id text        NOT NULL,
    versions    jsonb       NOT NULL,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    meeting_id  uuid,
    meeting_ref text,
    host_ref    text,
    topic       text,
    started_at  timestamptz,
    ended_at    timestamptz,
    recorded_at timestamptz,
    status      text,
    CONSTRAINT meeting_session_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT meeting_session_meeting_id_fkey FOREIGN KEY (meeting_id) REFERENCES bursar.meeting (id),
    CONSTRAINT meeting_session_status_check CHECK (status IN ('expected', 'live', 'ended')),
    CONSTRAINT meeting_session_ended_check CHECK ((status = 'ended') = (ended_at IS NOT NULL))
);
CREATE INDEX meeting_session_meeting_idx ON bursar.meeting_session (meeting_id);

-- One row per connection. A person who re-joins is another one; who they are is matched later, and whoever matches nobody stays.
CREATE TABLE bursar.meeting_participant (
    id          uuid        PRIMARY KEY,
    source      text        NOT NULL,
    external_id text        NOT NULL,
    versions    jsonb       NOT NULL,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    session_id  uuid,
    session_ref text,
    meeting_ref text,
    name        text,
    email       text,
    user_ref    text,
    registrant_ref text,
    participant_uuid text,
    entries     jsonb,
    leaves      jsonb,
    intervals   jsonb,
    CONSTRAINT meeting_participant_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT meeting_participant_session_id_fkey FOREIGN KEY (session_id) REFERENCES bursar.meeting_session (id),
    -- SEC-10: normalised in Python, because databases differ in what they take for lower case beyond ASCII.
    CONSTRAINT meeting_participant_email_check CHECK (email = btrim(email) AND email !~ '[A-Z]')
);
CREATE INDEX meeting_participant_session_idx ON bursar.meeting_participant (session_id);
CREATE INDEX meeting_participant_email_idx ON bursar.meeting_participant (email) WHERE email IS NOT NULL;

CREATE TABLE bursar.meeting_registrant (
    id          uuid        PRIMARY KEY,
    source      text        NOT NULL,
    external_id text        NOT NULL,
    versions    jsonb       NOT NULL,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    meeting_id  uuid,
    meeting_ref text,
    registrant_ref text,
    name        text,
    email       text,
    registered_at timestamptz,
    CONSTRAINT meeting_registrant_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT meeting_registrant_meeting_id_fkey FOREIGN KEY (meeting_id) REFERENCES bursar.meeting (id),
    CONSTRAINT meeting_registrant_email_check CHECK (email = btrim(email) AND email !~ '[A-Z]')
);
CREATE INDEX meeting_registrant_meeting_idx ON bursar.meeting_registrant (meeting_id);
CREATE INDEX meeting_registrant_email_idx ON bursar.meeting_registrant (email) WHERE email IS NOT NULL;

CREATE TABLE bursar.meeting_host (
    id          uuid        PRIMARY KEY,
    source      text        NOT NULL,
    external_id text        NOT NULL,
    versions    jsonb       NOT NULL,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    account_ref text,
    email       text,
    deactivated_at timestamptz,
    deleted_at  timestamptz,
    deauthorized_at timestamptz,
    erase_requested boolean,
    CONSTRAINT meeting_host_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT meeting_host_email_check CHECK (email = btrim(email) AND email !~ '[A-Z]')
);

GRANT SELECT, INSERT, UPDATE ON bursar.meeting, bursar.meeting_session, bursar.meeting_participant, bursar.meeting_registrant,
    bursar.meeting_host TO bursar_app;
GRANT SELECT ON bursar.meeting, bursar.meeting_session, bursar.meeting_participant, bursar.meeting_registrant,
    bursar.meeting_host TO bursar_maintenance;
