-- Which conflicts operators were mailed about: each once, whatever order their transactions committed in.
ALTER TABLE bursar.inbox_conflict ADD COLUMN told_at timestamptz;
CREATE INDEX inbox_conflict_untold_idx ON bursar.inbox_conflict (received_at, id) WHERE told_at IS NULL;
GRANT UPDATE (told_at) ON bursar.inbox_conflict TO bursar_app;

-- The doctor of a login that owns nothing asks how far the schema is.
GRANT SELECT ON bursar.alembic_version TO bursar_app;
