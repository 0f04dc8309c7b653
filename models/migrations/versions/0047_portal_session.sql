-- Visits of customers to the provider's billing portal.
-- `versions` is the merge state: {} for a stub. *_id columns follow from the *_ref beside them.
CREATE TABLE bursar.portal_session (
    id                  uuid        PRIMARY KEY,
    source              text        NOT NULL,
    external_id         text        NOT NULL,
    versions            jsonb       NOT NULL,
    created_at          timestamptz NOT NULL,
    updated_at          timestamptz NOT NULL,
    customer_ref        text,
    flow                text,
    provider_created_at timestamptz,
    customer_id         uuid,
    CONSTRAINT portal_session_source_external_id_key UNIQUE (source, external_id)
);
CREATE INDEX portal_session_customer_id_idx ON bursar.portal_session (customer_id) WHERE customer_id IS NOT NULL;
GRANT SELECT, INSERT, UPDATE ON bursar.portal_session TO bursar_app;
GRANT SELECT ON bursar.portal_session TO bursar_maintenance;
