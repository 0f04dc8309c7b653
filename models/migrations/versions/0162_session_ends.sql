-- CLEAN-3: a session is over when it was not used for its time, or was ended, long before the end that it has in any case. The run that
-- deletes sessions finds that day here. In UTC, because only so is it the same in every session of the database.
CREATE INDEX user_session_over_idx ON bursar.user_session (
    least(ends_at AT TIME ZONE 'UTC', revoked_at AT TIME ZONE 'UTC', (seen_at AT TIME ZONE 'UTC') + idle_s * interval '1 second'), id);
DROP INDEX bursar.user_session_ends_at_idx;
