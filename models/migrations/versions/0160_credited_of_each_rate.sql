-- An invoice may have a rate below zero: seats of a plan that was taxed otherwise, given up. Then a part of it holds more tax than its
-- share of the whole tax, which the rates below zero have lowered. So credit notes are bounded by the tax of the rates above zero.
CREATE OR REPLACE FUNCTION bursar.credited_within() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE invoice bursar.document; credited record;
BEGIN
    SELECT * INTO invoice FROM bursar.document WHERE source = NEW.source AND external_id = NEW.corrects_ref AND kind = 'invoice';
    SELECT coalesce(sum(total_minor), 0) AS total, coalesce(sum(tax_minor), 0) AS tax INTO credited FROM bursar.document
    WHERE kind = 'credit_note' AND invoice_ref = NEW.invoice_ref AND corrects_ref = NEW.corrects_ref AND id <> NEW.id;
    IF invoice.id IS NULL OR invoice.currency <> NEW.currency OR invoice.invoice_ref <> NEW.invoice_ref
       OR credited.total + NEW.total_minor > invoice.total_minor OR credited.tax + NEW.tax_minor > (
           SELECT sum(greatest((part ->> 'tax_minor')::bigint, 0)) FROM jsonb_array_elements(invoice.content -> 'taxes') AS part) THEN
        RAISE EXCEPTION 'credit note % of % (tax %) is more than is left of %', NEW.number, NEW.total_minor, NEW.tax_minor, NEW.corrects_ref
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
