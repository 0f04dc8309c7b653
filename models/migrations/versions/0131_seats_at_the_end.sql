-- What of a period's invoice was for seats of the periods before: owed even where the period itself is let go (SEAT-2).
ALTER TABLE bursar.subscription_period
    ADD COLUMN seats_minor bigint;
