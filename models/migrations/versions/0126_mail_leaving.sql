-- Readers who want no more of one kind of mail that may be left (RFC 8058). external_id: the address's digest and the mail's name; the
-- address itself is not needed. `back_at`: an operator let it be sent again.

CREATE TABLE bursar.mail_leaving (
    id           uuid        PRIMARY KEY,
    source       text        NOT NULL,
    external_id  text        NOT NULL,
    versions     jsonb       NOT NULL,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    mail         text,
    left_at      timestamptz,
    back_at      timestamptz,
    CONSTRAINT mail_leaving_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT mail_leaving_source_check CHECK (source = 'bursar'),
    CONSTRAINT mail_leaving_external_id_check CHECK (external_id ~ '^[0-9a-f]{64}:[a-z_]+$')
);

GRANT SELECT, INSERT, UPDATE ON bursar.mail_leaving TO bursar_app;
GRANT SELECT ON bursar.mail_leaving TO bursar_maintenance;
