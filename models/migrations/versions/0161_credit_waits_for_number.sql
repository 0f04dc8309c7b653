-- A credit note names its invoice's number. Where both come of one transaction, the number is drawn with its commit: the note follows.
ALTER TABLE bursar.document_wait
    DROP CONSTRAINT document_wait_cause_check,
    ADD CONSTRAINT document_wait_cause_check CHECK (cause IN ('no_fx_rate', 'no_tax_rate', 'mixed_tax', 'no_number'));
