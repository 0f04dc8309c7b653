-- Money that a person kept, or said the purpose of: rare, and listed while it pays for nothing (RECON-8).
CREATE INDEX payment_adopted_idx ON bursar.payment (id) WHERE adopted IS NOT NULL;
