-- The feed of rates of exchange (TAX-5): how it stands with each central bank, and what it told that nobody believes without looking.

-- One row per bank that is asked; external_id is its name. `next_at`: before it the same currencies are not asked for again.
CREATE TABLE bursar.fx_feed (
    id          uuid        PRIMARY KEY,
    source      text        NOT NULL,
    external_id text        NOT NULL,
    versions    jsonb       NOT NULL,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    asks        bigint,
    asked_at    timestamptz,
    bases       jsonb,
    unlisted    jsonb,
    told_on     date,
    answered_at timestamptz,
    tries       bigint,
    error       text,
    next_at     timestamptz,
    CONSTRAINT fx_feed_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT fx_feed_source_check CHECK (source = 'fx'),
    CONSTRAINT fx_feed_bank_check CHECK (external_id IN ('BNR', 'ECB')),
    CONSTRAINT fx_feed_bases_check CHECK (jsonb_typeof(bases) = 'array' AND jsonb_typeof(unlisted) = 'array'),
    CONSTRAINT fx_feed_tries_check CHECK (tries >= 0)
);
GRANT SELECT, INSERT, UPDATE ON bursar.fx_feed TO bursar_app;
GRANT SELECT ON bursar.fx_feed TO bursar_maintenance;

-- A rate that moved by more than a fifth since the last one. No paper is issued by it; a person records it, or the right one, by hand.
-- external_id: as of the rate, `<rate_source>:<base>:<quote>:<valid_on>`.
CREATE TABLE bursar.fx_held (
    id          uuid        PRIMARY KEY,
    source      text        NOT NULL,
    external_id text        NOT NULL,
    versions    jsonb       NOT NULL,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    rate_source text,
    base        text,
    quote       text,
    valid_on    date,
    rate        text,
    last_rate   text,
    last_on     date,
    held_at     timestamptz,
    told_at     timestamptz,
    ended_at    timestamptz,
    CONSTRAINT fx_held_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT fx_held_source_check CHECK (source = 'bursar'),
    CONSTRAINT fx_held_rate_check CHECK (rate ~ '^[0-9]{1,9}(\.[0-9]{1,9})?$' AND rate ~ '[1-9]')
);
CREATE INDEX fx_held_open_idx ON bursar.fx_held (held_at, id) WHERE ended_at IS NULL;
GRANT SELECT, INSERT, UPDATE ON bursar.fx_held TO bursar_app;
GRANT SELECT ON bursar.fx_held TO bursar_maintenance;
