-- The inbox at size: nothing that runs by schedule may read a share of a table that grows, and nothing that retention does may
-- hold up the receiver. Why each of these: docs/decisions/0082-retention.md.

-- Groups of dead rows are told each minute: the newest death of each cause is one look at this index, however many died.
DROP INDEX bursar.inbox_dead_idx, bursar.outbox_dead_idx;
CREATE INDEX inbox_dead_idx ON bursar.inbox (fingerprint, next_at, id) WHERE state = 'dead';
CREATE INDEX outbox_dead_idx ON bursar.outbox (fingerprint, next_at, id) WHERE state = 'dead';
-- Ignored rows whose type has a handler since, newest first: those whose bytes are gone come last and are never walked through.
DROP INDEX bursar.inbox_ignored_idx;
CREATE INDEX inbox_ignored_idx ON bursar.inbox (source, event_type, ignored_reason, id) WHERE state = 'ignored';

-- Rows that are added and never changed are frozen by the first vacuum that sees them, so that no later one, made to prevent
-- a wraparound of transaction ids, rewrites years of them; and soon, because the sealer reads by index alone.
ALTER TABLE bursar.audit SET (autovacuum_freeze_min_age = 0, autovacuum_vacuum_insert_scale_factor = 0.02);
ALTER TABLE bursar.audit_seal SET (autovacuum_freeze_min_age = 0, autovacuum_vacuum_insert_scale_factor = 0.02);
-- The queues' own: the planner must hear of a backlog before a tenth of ten million rows has changed.
ALTER TABLE bursar.inbox SET (autovacuum_analyze_scale_factor = 0.02);
ALTER TABLE bursar.outbox SET (autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05);

CREATE FUNCTION bursar.payload_month(month date, OUT part text, OUT making text, OUT first timestamptz, OUT last timestamptz,
                                     OUT attached boolean) LANGUAGE sql STABLE SET search_path = pg_catalog, bursar AS $$
    SELECT 'inbox_payload_' || to_char(month, 'YYYY_MM'), 'inbox_payload_making_' || to_char(month, 'YYYY_MM'),
           date_trunc('month', month::timestamp) AT TIME ZONE 'UTC',
           (date_trunc('month', month::timestamp) + interval '1 month') AT TIME ZONE 'UTC',
           EXISTS (SELECT FROM pg_inherits WHERE inhparent = 'bursar.inbox_payload'::regclass
                   AND inhrelid = to_regclass('bursar.inbox_payload_' || to_char(month, 'YYYY_MM')))
$$;

CREATE FUNCTION bursar.make_payload_table(month date) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, bursar AS $$
DECLARE
    m record := bursar.payload_month(month);
BEGIN
    IF to_regclass('bursar.' || m.making) IS NULL THEN
        -- With this constraint the table is attached without being read.
        EXECUTE format('CREATE TABLE bursar.%I (LIKE bursar.inbox_payload INCLUDING ALL, '
                       'CONSTRAINT only_this_month CHECK (received_at >= %L AND received_at < %L)) '
                       'WITH (autovacuum_freeze_min_age = 0, autovacuum_vacuum_insert_scale_factor = 0.1, '
                       'toast.autovacuum_freeze_min_age = 0, toast.autovacuum_vacuum_insert_scale_factor = 0.1)',
                       m.making, m.first, m.last);
    END IF;
END $$;

-- A month that nobody made in time has its rows in the default partition, and PostgreSQL makes no partition for rows that are
-- there already. They are copied first, some at a time and without a lock; ensure_payload_month then only copies what came since.
CREATE FUNCTION bursar.copy_payload_month(month date, most integer) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, bursar, pg_temp AS $$
DECLARE
    m record := bursar.payload_month(month);
    copied bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('bursar.inbox_payload', 0));
    IF m.attached OR NOT EXISTS (SELECT FROM bursar.inbox_payload_default WHERE received_at >= m.first AND received_at < m.last) THEN
        RETURN 0;
    END IF;
    PERFORM bursar.make_payload_table(month);
    EXECUTE format('INSERT INTO bursar.%1$I SELECT * FROM bursar.inbox_payload_default '
                   'WHERE inbox_id > (SELECT coalesce(max(inbox_id), 0) FROM bursar.%1$I) AND received_at >= %2$L AND received_at < %3$L '
                   'ORDER BY inbox_id LIMIT %4$s', m.making, m.first, m.last, most);
    GET DIAGNOSTICS copied = ROW_COUNT;
    RETURN copied;
END $$;

-- Attaching locks the default partition only, not the door's table, as CREATE TABLE ... PARTITION OF does.
CREATE OR REPLACE FUNCTION bursar.ensure_payload_month(month date) RETURNS text LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, bursar, pg_temp AS $$
DECLARE
    m record;
    there bigint;
    copied bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('bursar.inbox_payload', 0));
    m := bursar.payload_month(month);
    IF m.attached THEN
        RETURN m.part;
    END IF;
    PERFORM bursar.make_payload_table(month);
    LOCK TABLE bursar.inbox_payload_default IN ACCESS EXCLUSIVE MODE;
    SELECT count(*) INTO there FROM bursar.inbox_payload_default WHERE received_at >= m.first AND received_at < m.last;
    IF there > 0 THEN
        -- Ids are given before they are committed: the last hundred thousand are compared one by one, the count proves the rest.
        EXECUTE format('INSERT INTO bursar.%1$I SELECT d.* FROM bursar.inbox_payload_default d '
                       'WHERE d.inbox_id > (SELECT coalesce(max(inbox_id), 0) - 100000 FROM bursar.%1$I) '
                       'AND d.received_at >= %2$L AND d.received_at < %3$L '
                       'AND NOT EXISTS (SELECT FROM bursar.%1$I n WHERE n.inbox_id = d.inbox_id AND n.received_at = d.received_at)',
                       m.making, m.first, m.last);
        EXECUTE format('SELECT count(*) FROM bursar.%I', m.making) INTO copied;
        IF copied <> there THEN
            RAISE EXCEPTION '% payloads of % are in the default partition, but % were copied; nothing is changed', there, m.part, copied
                USING HINT = format('DROP TABLE bursar.%I, which holds copies only, and run this again', m.making);
        END IF;
        CREATE TEMP TABLE bursar_payload_others ON COMMIT DROP AS
            SELECT * FROM bursar.inbox_payload_default WHERE received_at < m.first OR received_at >= m.last;
        TRUNCATE bursar.inbox_payload_default;
        INSERT INTO bursar.inbox_payload_default SELECT * FROM bursar_payload_others;
        DROP TABLE bursar_payload_others;
    END IF;
    EXECUTE format('ALTER TABLE bursar.%I RENAME CONSTRAINT %I TO %I', m.making, m.making || '_pkey', m.part || '_pkey');
    EXECUTE format('ALTER TABLE bursar.inbox_payload ATTACH PARTITION bursar.%I FOR VALUES FROM (%L) TO (%L)', m.making, m.first, m.last);
    EXECUTE format('ALTER TABLE bursar.%I DROP CONSTRAINT only_this_month', m.making);
    EXECUTE format('ALTER TABLE bursar.%I RENAME TO %I', m.making, m.part);
    RETURN m.part;
END $$;

-- CLEAN-4. Deliveries go first: what waits for a lock makes all deliveries wait behind it, so this waits `patience_ms` at most
-- and is called again. While it holds the lock, it looks up the few rows that are not final by their states' indexes, within
-- the month's ids, never by reading the month.
DROP FUNCTION bursar.drop_payload_month(date);
CREATE FUNCTION bursar.drop_payload_month(month date, patience_ms integer DEFAULT 100) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, bursar, pg_temp SET enable_seqscan = off AS $$
DECLARE
    m record;
    kept  bigint := 0;
    moved bigint;
    low   bigint;
    high  bigint;
    open_state text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('bursar.inbox_payload', 0));
    m := bursar.payload_month(month);
    IF NOT m.attached THEN
        RETURN 0;
    END IF;
    EXECUTE format('SELECT min(inbox_id), max(inbox_id) FROM bursar.%I', m.part) INTO low, high;
    PERFORM set_config('lock_timeout', patience_ms || 'ms', true);
    EXECUTE format('ALTER TABLE bursar.inbox_payload DETACH PARTITION bursar.%I', m.part);
    FOREACH open_state IN ARRAY ARRAY['received', 'processing', 'waiting', 'dead'] LOOP
        EXECUTE format('INSERT INTO bursar.inbox_payload_default SELECT p.* FROM bursar.inbox i '
                       'JOIN bursar.%I p ON p.inbox_id = i.id AND p.received_at = i.received_at '
                       'WHERE i.state = %L AND i.id BETWEEN %L AND %L', m.part, open_state, low, high);
        GET DIAGNOSTICS moved = ROW_COUNT;
        kept := kept + moved;
    END LOOP;
    EXECUTE format('DROP TABLE bursar.%I', m.part);
    RETURN kept;
END $$;

-- Mails and look-ups that were made. Any other kind may have moved money: its row is the proof of what was asked, and stays.
CREATE FUNCTION bursar.drop_old_calls(before timestamptz, above bigint, most integer, OUT reached bigint, OUT dropped bigint)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, bursar AS $$
    WITH looked AS MATERIALIZED (
        SELECT id, created_at, state, kind FROM bursar.outbox WHERE id > above ORDER BY id LIMIT most),
    gone AS (
        DELETE FROM bursar.outbox o USING looked l
        WHERE o.id = l.id AND l.created_at < before AND o.done_at < before AND o.state = 'done'
          AND (l.kind LIKE 'mail.%' OR l.kind LIKE '%.fetch') RETURNING 1)
    SELECT (SELECT CASE WHEN count(*) = most AND min(created_at) < before THEN max(id) END FROM looked), (SELECT count(*) FROM gone)
$$;

REVOKE ALL ON FUNCTION bursar.payload_month(date), bursar.make_payload_table(date), bursar.copy_payload_month(date, integer),
    bursar.ensure_payload_month(date), bursar.drop_payload_month(date, integer), bursar.drop_old_calls(timestamptz, bigint, integer)
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION bursar.copy_payload_month(date, integer), bursar.ensure_payload_month(date),
    bursar.drop_payload_month(date, integer), bursar.drop_old_calls(timestamptz, bigint, integer) TO bursar_maintenance;
GRANT SELECT, DELETE ON bursar.inbox_payload_default TO bursar_maintenance;
GRANT DELETE ON bursar.inbox_conflict TO bursar_maintenance;

-- The months that are there already.
DO $$
DECLARE
    part regclass;
BEGIN
    FOR part IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'bursar.inbox_payload'::regclass LOOP
        EXECUTE format('ALTER TABLE %s SET (autovacuum_freeze_min_age = 0, autovacuum_vacuum_insert_scale_factor = 0.1, '
                       'toast.autovacuum_freeze_min_age = 0, toast.autovacuum_vacuum_insert_scale_factor = 0.1)', part);
    END LOOP;
END $$;
