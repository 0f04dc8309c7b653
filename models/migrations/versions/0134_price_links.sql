-- What a version of a price is called at a provider (PRICE-9): Stripe's price, PayPal's plan. external_id: <provider>:<price>.
CREATE TABLE bursar.price_link (
    id            uuid        PRIMARY KEY,
    source        text        NOT NULL,
    external_id   text        NOT NULL,
    versions      jsonb       NOT NULL,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    provider      text,
    price_ref     text,
    provider_ref  text,
    actor         text,
    reason        text,
    CONSTRAINT price_link_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT price_link_source_check CHECK (source = 'bursar'),
    CONSTRAINT price_link_provider_check CHECK (provider IN ('paypal', 'stripe')),
    CONSTRAINT price_link_provider_ref_key UNIQUE (provider, provider_ref)
);
GRANT SELECT, INSERT, UPDATE ON bursar.price_link TO bursar_app;
GRANT SELECT ON bursar.price_link TO bursar_maintenance;

-- Moves of subscriptions that a provider bills, which a run looks at until they are over.
CREATE INDEX price_move_provider_idx ON bursar.price_move (worked_at, id)
    WHERE subscription_source <> 'bursar' AND status IN ('awaiting_approval', 'planned', 'provider_change_needed');
