-- One row per provider: how many calls it may be sent now (a token bucket), and whether it answers at all (a breaker). In the
-- database, because the limit is the provider's and counts all our processes together. Times are the machine's.
CREATE TABLE bursar.provider_gate (
    source      text        PRIMARY KEY,
    millitokens bigint      NOT NULL,
    filled_at   timestamptz NOT NULL,
    failures    integer     NOT NULL DEFAULT 0,
    opens_at    timestamptz,
    CONSTRAINT provider_gate_tokens_check CHECK (millitokens >= 0 AND failures >= 0)
);
GRANT SELECT, INSERT, UPDATE ON bursar.provider_gate TO bursar_app;
GRANT SELECT ON bursar.provider_gate TO bursar_maintenance;
-- A worker that dies with a submission in hand proves nothing against it: it is sent again under its key for as long as it takes.
