-- One slot of a job runs at a time: this index refuses a second one, where claims had to take a lock first.
CREATE UNIQUE INDEX schedule_slot_running_key ON bursar.schedule_slot (job) WHERE state = 'running';

-- Whatever is open is found by its job. A tick that skips what nobody ran looked through all slots that the job ever had.
CREATE INDEX schedule_slot_unended_idx ON bursar.schedule_slot (job, slot_at) WHERE state IN ('due', 'held', 'running', 'stopped');
DROP INDEX bursar.schedule_slot_open_idx;
DROP INDEX bursar.schedule_slot_held_idx;
