-- REFUND-13: what of a credit package's price went back, so that as many of its unspent credits are taken back, and what of it could
-- not be, because they were spent. Whoever keeps the credits reads the first and writes the second.
ALTER TABLE bursar.fulfilment ADD COLUMN clawback_minor bigint, ADD COLUMN clawback_shortfall_minor bigint;
ALTER TABLE bursar.fulfilment ADD CONSTRAINT fulfilment_clawback_check CHECK (
    clawback_minor >= 0 AND clawback_shortfall_minor BETWEEN 0 AND clawback_minor
) NOT VALID;
CREATE INDEX fulfilment_clawback_idx ON bursar.fulfilment (credits_clawed_back_at)
    WHERE clawback_minor IS NOT NULL AND clawback_shortfall_minor IS NULL;
