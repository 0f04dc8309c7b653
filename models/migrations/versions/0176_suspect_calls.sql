-- A claim of a call asks first for one that has crashed a worker. Without an index of these, as the inbox has it, each claim read all
-- calls that wait: a hundred thousand renewals at once cost ten thousand million rows.
CREATE INDEX outbox_suspect_idx ON bursar.outbox (queue, fair_at, id) WHERE state = 'received' AND crashes > 0;
