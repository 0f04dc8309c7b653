-- What operators ask for by hand must not read whole tables: the calls that an event caused (`bursar inbox show`, dry runs).
CREATE INDEX outbox_inbox_idx ON bursar.outbox (inbox_id) WHERE inbox_id IS NOT NULL;
