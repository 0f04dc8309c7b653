-- What became of each mail, and addresses that get none any more (MAIL-3). Why like this: docs/decisions/0116-mails.md.

-- One row per mail of the outbox, from the first try on: `queued` is a row of the outbox that has none here yet. `address` is personal
-- data and goes with its subscriber; its digest stays, so that the row still says that there was one mail to one address.
CREATE TABLE bursar.mail (
    id              bigint      GENERATED ALWAYS AS IDENTITY,
    key             text        NOT NULL,
    reference       text        NOT NULL,
    name            text        NOT NULL,
    language        text        NOT NULL,
    address         text,
    address_sha256  bytea       NOT NULL,
    subscriber_ref  text,
    fate            text        NOT NULL,
    tries           bigint      NOT NULL,
    answer          text,
    created_at      timestamptz NOT NULL,
    sent_at         timestamptz,
    fate_at         timestamptz NOT NULL,
    CONSTRAINT mail_pkey PRIMARY KEY (id),
    CONSTRAINT mail_key_key UNIQUE (key),
    CONSTRAINT mail_fate_check CHECK (
        fate IN ('sending', 'sent', 'deferred', 'unknown', 'refused', 'suppressed', 'nothing', 'bounced', 'complained')),
    CONSTRAINT mail_address_sha256_check CHECK (octet_length(address_sha256) = 32),
    CONSTRAINT mail_reference_check CHECK (reference ~ '^[0-9a-f]{32}$')
);
CREATE UNIQUE INDEX mail_reference_idx ON bursar.mail (reference);
CREATE INDEX mail_address_idx ON bursar.mail (address_sha256, id);
CREATE INDEX mail_subscriber_idx ON bursar.mail (subscriber_ref, id) WHERE subscriber_ref IS NOT NULL;
CREATE INDEX mail_troubled_idx ON bursar.mail (fate, id) WHERE fate <> 'sent';
CREATE INDEX mail_fate_at_idx ON bursar.mail (fate_at, id);

-- An address that gets nothing more (`scope` is `*`), or none of one kind. It is found by its digest, so that it stays blocked when the
-- address itself has to be forgotten. Lifted rows stay as the history.
CREATE TABLE bursar.mail_block (
    id              bigint      GENERATED ALWAYS AS IDENTITY,
    address         text,
    address_sha256  bytea       NOT NULL,
    scope           text        NOT NULL,
    because         text        NOT NULL,
    mail_key        text,
    said            text,
    created_at      timestamptz NOT NULL,
    lifted_at       timestamptz,
    CONSTRAINT mail_block_pkey PRIMARY KEY (id),
    CONSTRAINT mail_block_because_check CHECK (because IN ('bounced', 'complained', 'unsubscribed', 'operator')),
    CONSTRAINT mail_block_address_sha256_check CHECK (octet_length(address_sha256) = 32)
);
CREATE UNIQUE INDEX mail_block_standing_idx ON bursar.mail_block (address_sha256, scope) WHERE lifted_at IS NULL;
CREATE INDEX mail_block_address_idx ON bursar.mail_block (address_sha256, id);

-- What came back: bounces and complaints, each once, by the digest of its bytes. `raw` is kept only of what nobody understood.
CREATE TABLE bursar.mail_report (
    sha256       bytea       NOT NULL,
    kind         text        NOT NULL,
    mail_key     text,
    said         text,
    raw          bytea,
    received_at  timestamptz NOT NULL,
    CONSTRAINT mail_report_pkey PRIMARY KEY (sha256),
    CONSTRAINT mail_report_kind_check CHECK (kind IN ('bounce', 'soft_bounce', 'complaint', 'other')),
    CONSTRAINT mail_report_sha256_check CHECK (octet_length(sha256) = 32)
);
CREATE INDEX mail_report_received_at_idx ON bursar.mail_report (received_at, sha256);
CREATE INDEX mail_report_mail_key_idx ON bursar.mail_report (mail_key) WHERE mail_key IS NOT NULL;

GRANT SELECT, INSERT, UPDATE ON bursar.mail, bursar.mail_block, bursar.mail_report TO bursar_app;
GRANT SELECT, DELETE ON bursar.mail, bursar.mail_report TO bursar_maintenance;
GRANT SELECT ON bursar.mail_block TO bursar_maintenance;
