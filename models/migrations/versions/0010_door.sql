-- PayPal signs a CRC of the body only, so one genuine signature fits many bodies. The first body seen under a transmission
-- id is bound to it here, in the transaction that stores the event; any other body under that id is refused.
-- Rows are of no use once the transmission time is older than BURSAR_PAYPAL_MAX_AGE_S: retention may delete them then.
CREATE TABLE bursar.transmission (
    source          text        NOT NULL,
    transmission_id text        NOT NULL,
    event_id        text        NOT NULL,
    sha256          bytea       NOT NULL,
    received_at     timestamptz NOT NULL,
    CONSTRAINT transmission_pkey PRIMARY KEY (source, transmission_id),
    CONSTRAINT transmission_id_check CHECK (transmission_id ~ '^[\x21-\x7e]{1,128}$'),
    CONSTRAINT transmission_sha256_check CHECK (octet_length(sha256) = 32)
);
CREATE INDEX transmission_received_at_idx ON bursar.transmission USING brin (received_at);
GRANT INSERT, SELECT ON bursar.transmission TO bursar_recv;
GRANT SELECT ON bursar.transmission TO bursar_app;
GRANT SELECT, DELETE ON bursar.transmission TO bursar_maintenance;
