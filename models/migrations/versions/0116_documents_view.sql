-- What apps and operators look papers up by.

CREATE INDEX document_wait_invoice_ref_idx ON bursar.document_wait (invoice_ref) WHERE ended_at IS NULL;

-- A customer's papers, for the app that lists them; the paper itself is rendered by Bursar.
CREATE FUNCTION bursar_api.documents(of_subscriber text, most int DEFAULT 100)
RETURNS TABLE (document text, kind text, number text, issued_on date, invoice_ref text, corrects_number text, currency text,
               net_minor bigint, tax_minor bigint, total_minor bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, bursar, pg_temp AS $$
    SELECT 'doc_' || replace(d.id::text, '-', ''), d.kind, d.number, d.issued_on, d.invoice_ref, d.content ->> 'corrects', d.currency,
           d.net_minor, d.tax_minor, d.total_minor
    FROM document d WHERE d.subscriber_ref = of_subscriber
    ORDER BY d.issued_at DESC, d.id DESC LIMIT least(greatest(most, 1), 1000)
$$;
REVOKE ALL ON FUNCTION bursar_api.documents FROM PUBLIC;
GRANT EXECUTE ON FUNCTION bursar_api.documents TO bursar_client, bursar_app, bursar_maintenance;
