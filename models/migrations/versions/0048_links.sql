-- Derived ids point at rows that exist. NOT VALID would say less: these tables are new, so all rows are checked.
DO $$
DECLARE
    one record;
BEGIN
    FOR one IN
        SELECT c.relname AS child, a.attname AS attribute, left(a.attname, -3) AS parent
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        WHERE c.relnamespace = 'bursar'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND a.atttypid = 'uuid'::regtype
          AND a.attname IN ('customer_id', 'account_id', 'subscription_id', 'invoice_id', 'payment_id', 'charge_id')
          AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'f' AND k.conkey = ARRAY[a.attnum])
        ORDER BY 1, 2
    LOOP
        EXECUTE format('ALTER TABLE bursar.%I ADD CONSTRAINT %I FOREIGN KEY (%I) REFERENCES bursar.%I (id)',
                       one.child, one.child || '_' || one.attribute || '_fkey', one.attribute, one.parent);
    END LOOP;
END $$;
