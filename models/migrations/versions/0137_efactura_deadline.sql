-- What the ministry has not accepted, by status and by deadline: metrics ask at each scrape, over years of accepted ones.
CREATE INDEX efactura_not_accepted_idx ON bursar.efactura (status, deadline_at, queued_at) WHERE status <> 'accepted';
