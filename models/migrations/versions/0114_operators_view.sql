-- What operators look at in our own billing, each along an index; and products whose names at providers changed (SUB-8).

CREATE INDEX subscriber_status_idx ON bursar.subscriber (status, id);
CREATE INDEX subscription_parked_idx ON bursar.subscription (parked_at, id) WHERE parked_at IS NOT NULL;
CREATE INDEX subscription_owing_idx ON bursar.subscription (current_period_end, id)
    WHERE source = 'bursar' AND status IN ('past_due', 'unpaid', 'pending_renewal');
CREATE INDEX invoice_own_open_idx ON bursar.invoice (due_at, id) WHERE source = 'bursar' AND status = 'pending';

-- Since when the subscriptions that providers bill are to be looked at anew, and how far that has come; both null: they are not.
ALTER TABLE bursar.product
    ADD COLUMN relink_asked_at timestamptz,
    ADD COLUMN relink_after    uuid;
