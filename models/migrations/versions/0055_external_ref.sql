-- The app's own id of a customer, as the command billing.customer.link.v1 says it. No provider's fact touches it.
ALTER TABLE bursar.customer
    ADD COLUMN external_ref text,
    ADD CONSTRAINT customer_external_ref_check CHECK (length(external_ref) BETWEEN 1 AND 255);
CREATE INDEX customer_external_ref_idx ON bursar.customer (external_ref) WHERE external_ref IS NOT NULL;
