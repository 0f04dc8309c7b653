-- SEC-5: a key never owes more than a window. A clock that was ahead for a while left keys that nobody could take from until that time
-- had come again: nobody who had signed in meanwhile could do so.
CREATE OR REPLACE FUNCTION bursar.take(key text, most integer, window_s integer, at timestamptz) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, bursar, pg_temp AS $$
DECLARE
    digest bytea := sha256(convert_to(key, 'UTF8'));
    each_  interval := window_s * interval '1 second' / most;
    until_ timestamptz := at + window_s * interval '1 second';
    taken  timestamptz;
BEGIN
    IF key IS NULL OR octet_length(key) NOT BETWEEN 1 AND 1024 OR most NOT BETWEEN 1 AND 100000 OR window_s NOT BETWEEN 1 AND 86400 THEN
        PERFORM bursar.refuse_command('BU400', 'invalid_limit: a key, 1 to 100000 takes and a window of 1 to 86400 s are needed',
            'Nothing was counted.', 'Mend the call.');
    END IF;
    INSERT INTO rate_limit (sha256, scope, free_at) VALUES (digest, left(split_part(key, ':', 1), 64), at)
    ON CONFLICT (sha256) DO NOTHING;
    SELECT greatest(least(r.free_at, until_), at) + each_ INTO taken FROM rate_limit r WHERE r.sha256 = digest FOR UPDATE;
    IF taken > until_ THEN
        UPDATE rate_limit r SET free_at = least(r.free_at, until_), refused = r.refused + 1, refused_since = coalesce(r.refused_since, at),
               refused_last = at
        WHERE r.sha256 = digest;
        RETURN jsonb_build_object('allowed', false, 'left', 0, 'retry_after_s', ceil(extract(epoch FROM taken - until_))::integer);
    END IF;
    UPDATE rate_limit r SET free_at = taken WHERE r.sha256 = digest;
    RETURN jsonb_build_object('allowed', true, 'left', floor(extract(epoch FROM until_ - taken) / extract(epoch FROM each_))::integer,
                              'retry_after_s', 0);
END $$;
