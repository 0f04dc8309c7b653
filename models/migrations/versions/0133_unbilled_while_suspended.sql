-- An account that is suspended is not billed (DUN-2): its renewals wait, and when the suspension is lifted, the time before is left out.
ALTER TABLE bursar.subscription
    ADD COLUMN unbilled_until timestamptz;
