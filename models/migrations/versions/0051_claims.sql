-- A claim is one row for a whole batch, not a mark on each of its rows: marking them cost each event a dead row version and
-- entries in four indexes, twice what the `done` mark costs (docs/decisions/0004). A row of the inbox that stands in a claim
-- is what operators see as `processing`; its stored state is `received` until its effects commit.
-- The claim's own row lock is the heartbeat. A claim that is lost (the server died) frees its rows: nothing else happens.
CREATE TABLE bursar.inbox_claim (
    token       uuid        NOT NULL,
    queue       text        NOT NULL,
    ids         bigint[]    NOT NULL,
    lanes       bigint[]    NOT NULL,
    alone       boolean     NOT NULL,
    started_at  timestamptz NOT NULL,
    lease_until timestamptz NOT NULL,
    CONSTRAINT inbox_claim_pkey PRIMARY KEY (token),
    CONSTRAINT inbox_claim_ids_check CHECK (cardinality(ids) > 0)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0);
GRANT SELECT, INSERT, UPDATE, DELETE ON bursar.inbox_claim TO bursar_app, bursar_maintenance;

-- Workers that run while this migration does lose what they hold: their `done` marks find no token, and their transaction
-- writes nothing.
UPDATE bursar.inbox SET state = 'received', token = NULL, lease_until = NULL WHERE state = 'processing';

-- Claims of one queue take turns (a millisecond each), so that no two hold one row. The turn comes first, and the rows are
-- looked for by statements of their own, which see what the claim before has taken.
-- A row whose worker once died (`crashes`) is claimed alone, so that poison takes no neighbour along; with `suspects` it is
-- looked for first.
-- `named`: of these ids. NULL: the first by fairness whose lanes no other claim has; further than the first `reach` rows it
-- does not look, and says by one row of nulls that nothing was free there though there are more.
-- The commit does not wait for the disk: a claim that a dead server forgot was never made.
CREATE FUNCTION bursar.claim_inbox(
    of_queue text, named bigint[], suspects boolean, most integer, reach integer, by_token uuid, lease_s double precision, at timestamptz)
RETURNS TABLE (row_id bigint, row_lane text, row_received_at timestamptz, suspect boolean)
LANGUAGE plpgsql SET search_path = pg_catalog, bursar SET enable_seqscan = off AS $$
DECLARE
    ids   bigint[];
    lanes text[];
    times timestamptz[];
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true), pg_advisory_xact_lock(hashtextextended('claims of ' || of_queue, 0));
    suspect := suspects;
    IF suspects THEN
        SELECT ARRAY[i.id], ARRAY[i.lane], ARRAY[i.received_at] INTO ids, lanes, times FROM inbox i
        WHERE i.queue = of_queue AND i.state = 'received' AND i.crashes > 0 AND (named IS NULL OR i.id = ANY (named))
          AND i.id NOT IN (SELECT unnest(c.ids) FROM inbox_claim c)
        ORDER BY i.fair_at, i.id LIMIT 1;
        suspect := FOUND;
    END IF;
    IF NOT suspect AND named IS NULL THEN
        SELECT array_agg(f.id), array_agg(f.lane), array_agg(f.received_at) INTO ids, lanes, times FROM (
            SELECT n.id, n.lane, n.received_at FROM (
                SELECT i.id, i.lane, i.received_at FROM inbox i WHERE i.queue = of_queue AND i.state = 'received' AND i.crashes = 0
                ORDER BY i.fair_at, i.id LIMIT reach) AS n
            WHERE n.id NOT IN (SELECT unnest(c.ids) FROM inbox_claim c)
              AND hashtextextended(n.lane, 0) NOT IN (SELECT unnest(c.lanes) FROM inbox_claim c)
            LIMIT most) AS f;
        IF ids IS NULL THEN
            RETURN QUERY SELECT NULL::bigint, NULL::text, NULL::timestamptz, false FROM (
                SELECT FROM inbox i WHERE i.queue = of_queue AND i.state = 'received' AND i.crashes = 0
                ORDER BY i.fair_at, i.id OFFSET reach LIMIT 1) AS further;
        END IF;
    ELSIF NOT suspect THEN
        SELECT array_agg(i.id), array_agg(i.lane), array_agg(i.received_at) INTO ids, lanes, times FROM inbox i
        WHERE i.id = ANY (named) AND i.queue = of_queue AND i.state = 'received' AND i.crashes = 0
          AND i.id NOT IN (SELECT unnest(c.ids) FROM inbox_claim c);
    END IF;
    IF ids IS NOT NULL THEN
        INSERT INTO inbox_claim (token, queue, ids, lanes, alone, started_at, lease_until)
        SELECT by_token, of_queue, ids, ARRAY(SELECT DISTINCT hashtextextended(l, 0) FROM unnest(lanes) AS l),
               cardinality(ids) = 1, at, clock_timestamp() + lease_s * interval '1 second';
        RETURN QUERY SELECT u.*, suspect FROM unnest(ids, lanes, times) AS u;
    END IF;
END $$;
REVOKE ALL ON FUNCTION bursar.claim_inbox(text, bigint[], boolean, integer, integer, uuid, double precision, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION bursar.claim_inbox(text, bigint[], boolean, integer, integer, uuid, double precision, timestamptz) TO bursar_app;
