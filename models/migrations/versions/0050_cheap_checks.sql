-- The same rules, said so that PostgreSQL checks them quickly. A bounded repetition such as {1,255} takes its regular
-- expressions 30 us a value, a character that must not occur 0.4 us; all checks run at each insert and again at each update, so
-- an event paid this three times (docs/decisions/0083).
ALTER TABLE bursar.inbox
    DROP CONSTRAINT inbox_source_check,
    DROP CONSTRAINT inbox_event_id_check,
    ADD CONSTRAINT inbox_source_check CHECK (source ~ '^[a-z][a-z0-9_]*$' AND octet_length(source) <= 32),
    ADD CONSTRAINT inbox_event_id_check CHECK (event_id !~ '[^\x21-\x7e]' AND octet_length(event_id) BETWEEN 1 AND 255);
ALTER TABLE bursar.transmission
    DROP CONSTRAINT transmission_id_check,
    ADD CONSTRAINT transmission_id_check CHECK (transmission_id !~ '[^\x21-\x7e]' AND octet_length(transmission_id) BETWEEN 1 AND 128);
