-- Links to a provider's own invoices, as told when somebody asked (INV-11). They end at the provider, so nobody is shown an old one.
CREATE TABLE bursar.invoice_link (
    id            uuid        PRIMARY KEY,
    source        text        NOT NULL,
    external_id   text        NOT NULL,
    versions      jsonb       NOT NULL,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    url           text,
    page_url      text,
    actor         text,
    asked_at      timestamptz,
    told_at       timestamptz,
    CONSTRAINT invoice_link_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT invoice_link_source_check CHECK (source = 'stripe'),
    CONSTRAINT invoice_link_told_check CHECK (told_at IS NOT NULL OR (url IS NULL AND page_url IS NULL))
);
GRANT SELECT, INSERT, UPDATE ON bursar.invoice_link TO bursar_app;
GRANT SELECT, UPDATE ON bursar.invoice_link TO bursar_maintenance;

-- The app learns it as any other outcome. Whatever the view knows already, it goes on knowing.
DO $$
BEGIN
    EXECUTE 'CREATE OR REPLACE VIEW bursar.request_outcome AS ' || rtrim(pg_get_viewdef('bursar.request_outcome'::regclass), '; ') || '
        UNION ALL
        SELECT id, ''invoice_link'', source, external_id,
               CASE WHEN told_at IS NULL THEN ''asked'' WHEN told_at < clock_timestamp() - interval ''1 hour'' THEN ''ended''
                    WHEN url IS NULL THEN ''none'' ELSE ''told'' END,
               external_id, CASE WHEN told_at >= clock_timestamp() - interval ''1 hour'' THEN url END, NULL, NULL, NULL, updated_at,
               told_at IS NOT NULL
        FROM bursar.invoice_link';
END $$;
