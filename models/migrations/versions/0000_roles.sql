-- The schema and the four roles. The owner is whoever migrates. Roles belong to the whole cluster, so they may be there already.
CREATE SCHEMA IF NOT EXISTS bursar;
REVOKE ALL ON SCHEMA bursar FROM PUBLIC;
DO $$
DECLARE
    wanted text;
BEGIN
    -- Roles are shared by all databases of the cluster: two migrations at once take turns.
    PERFORM pg_advisory_xact_lock(7305128);
    FOREACH wanted IN ARRAY ARRAY['bursar_recv', 'bursar_app', 'bursar_maintenance'] LOOP
        IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = wanted) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
            EXCEPTION WHEN insufficient_privilege THEN
                RAISE EXCEPTION 'role % is missing and this login may not create it', wanted
                    USING HINT = format('As a superuser: CREATE ROLE %I NOLOGIN; GRANT %I TO %I; then migrate again.', wanted, wanted, current_user);
            WHEN duplicate_object OR unique_violation THEN
                NULL;  -- another database's migration was quicker
            END;
        END IF;
        IF NOT pg_has_role(current_user, wanted, 'MEMBER') THEN
            EXECUTE format('GRANT %I TO CURRENT_USER', wanted);
        END IF;
    END LOOP;
END $$;
