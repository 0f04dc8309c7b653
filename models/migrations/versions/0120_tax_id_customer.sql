-- Whose tax ids these are is asked at each event of one (TAX-4), and whether VIES has shut us out before each question.
CREATE INDEX tax_id_customer_ref_idx ON bursar.tax_id (source, customer_ref) WHERE customer_ref IS NOT NULL;
CREATE INDEX outbox_vies_blocked_idx ON bursar.outbox (id) WHERE kind = 'vies.fetch' AND state = 'dead';
