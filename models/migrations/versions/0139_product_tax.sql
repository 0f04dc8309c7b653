-- What tax takes a product for (TAX-1): a service or goods, and which rate of a place it has, with exceptions by place.
ALTER TABLE bursar.product
    ADD COLUMN supply    text,
    ADD COLUMN tax_kind  text,
    ADD COLUMN tax_kinds jsonb,
    ADD CONSTRAINT product_supply_check CHECK (supply IN ('service', 'goods')),
    ADD CONSTRAINT product_tax_kind_check CHECK (tax_kind IN ('standard', 'reduced', 'second_reduced', 'super_reduced', 'parking', 'zero')),
    ADD CONSTRAINT product_tax_kinds_check CHECK (jsonb_typeof(tax_kinds) = 'object');

-- Until now everything was billed so.
UPDATE bursar.product SET supply = 'service', tax_kind = 'standard' WHERE kind IS NOT NULL;

-- A paper that no single document can hold waits, as one without a rate does.
ALTER TABLE bursar.document_wait
    DROP CONSTRAINT document_wait_cause_check,
    ADD CONSTRAINT document_wait_cause_check CHECK (cause IN ('no_fx_rate', 'no_tax_rate', 'mixed_tax'));
