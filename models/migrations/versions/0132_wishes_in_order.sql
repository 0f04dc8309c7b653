-- What a provider is asked of one subscription is asked one after the other; and it may be asked to bill another price (PRICE-9).
-- `after_ref`: the request whose answer this one waits for; nothing of it was sent before. `price_ref`: ours. `move_ref`: the price_move.
ALTER TABLE bursar.subscription_request
    ADD COLUMN after_ref text,
    ADD COLUMN price_ref text,
    ADD COLUMN move_ref  text,
    DROP CONSTRAINT subscription_request_action_check,
    ADD CONSTRAINT subscription_request_action_check CHECK (action IN ('cancel', 'cancel_at_period_end', 'keep', 'price', 'quantity')),
    ADD CONSTRAINT subscription_request_price_check CHECK ((action = 'price') = (price_ref IS NOT NULL));
CREATE INDEX subscription_request_after_idx ON bursar.subscription_request (source, after_ref) WHERE after_ref IS NOT NULL;
