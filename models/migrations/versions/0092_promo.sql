-- Promo codes (PROMO-1 to 5): campaigns, their codes, and each use of a code. A use is held while its row is reserved or consumed; the
-- counters beside them never pass their limit: whoever takes a use has the counter's row locked, and the CHECK refuses what slipped by.
-- Statuses: billing.rules.states_promo. Source is 'bursar' in all of them.

CREATE TABLE bursar.campaign (
    id                uuid        PRIMARY KEY,
    source            text        NOT NULL,
    external_id       text        NOT NULL,
    versions          jsonb       NOT NULL,
    created_at        timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL,
    status            text,
    title             text,
    kind              text,
    basis_points      bigint,
    amount_minor      bigint,
    currency          text,
    buy_quantity      bigint,
    free_quantity     bigint,
    segments          jsonb,
    starts_on         text,
    ends_on           text,
    zone              text,
    max_uses          bigint,
    max_per_customer  bigint,
    uses              bigint,
    reason            text,
    actor             text,
    ended_at          timestamptz,
    CONSTRAINT campaign_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT campaign_source_check CHECK (source = 'bursar'),
    CONSTRAINT campaign_status_check CHECK (status IN ('active', 'ended')),
    CONSTRAINT campaign_kind_check CHECK (kind IN ('bogo', 'fixed', 'percentage')),
    CONSTRAINT campaign_own_check CHECK (versions = '{}' OR (status IS NOT NULL AND kind IS NOT NULL AND zone IS NOT NULL AND uses IS NOT NULL)),
    CONSTRAINT campaign_percentage_check CHECK ((kind = 'percentage') = (basis_points IS NOT NULL) AND basis_points BETWEEN 1 AND 10000),
    -- PROMO-3: a fixed amount has a currency, a percentage has none.
    CONSTRAINT campaign_fixed_check CHECK ((kind = 'fixed') = (amount_minor IS NOT NULL) AND (kind = 'fixed') = (currency IS NOT NULL)
        AND amount_minor > 0 AND currency ~ '^[A-Z]{3}$'),
    CONSTRAINT campaign_bogo_check CHECK ((kind = 'bogo') = (buy_quantity IS NOT NULL) AND (kind = 'bogo') = (free_quantity IS NOT NULL)
        AND buy_quantity > 0 AND free_quantity > 0),
    CONSTRAINT campaign_days_check CHECK (starts_on ~ '^\d{4}-\d\d-\d\d$' AND ends_on ~ '^\d{4}-\d\d-\d\d$' AND starts_on <= ends_on),
    CONSTRAINT campaign_max_per_customer_check CHECK (max_per_customer > 0),
    -- T2: with max_uses NULL (no limit) the comparison is NULL, which a CHECK lets pass.
    CONSTRAINT campaign_uses_check CHECK (uses >= 0 AND uses <= max_uses)
);

CREATE TABLE bursar.promo_code (
    id            uuid        PRIMARY KEY,
    source        text        NOT NULL,
    external_id   text        NOT NULL,
    versions      jsonb       NOT NULL,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    status        text,
    campaign_ref  text,
    max_uses      bigint,
    uses          bigint,
    actor         text,
    CONSTRAINT promo_code_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT promo_code_source_check CHECK (source = 'bursar'),
    CONSTRAINT promo_code_status_check CHECK (status IN ('active', 'withdrawn')),
    CONSTRAINT promo_code_normalised_check CHECK (external_id = upper(btrim(external_id))),
    CONSTRAINT promo_code_own_check CHECK (versions = '{}' OR (status IS NOT NULL AND campaign_ref IS NOT NULL AND uses IS NOT NULL)),
    CONSTRAINT promo_code_uses_check CHECK (uses >= 0 AND uses <= max_uses)
);
CREATE INDEX promo_code_campaign_ref_idx ON bursar.promo_code (campaign_ref) WHERE campaign_ref IS NOT NULL;

-- How often one customer uses one campaign; external_id: <campaign>:<subscriber>. max_uses is the campaign's limit when it last grew.
CREATE TABLE bursar.promo_customer (
    id              uuid        PRIMARY KEY,
    source          text        NOT NULL,
    external_id     text        NOT NULL,
    versions        jsonb       NOT NULL,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    campaign_ref    text,
    subscriber_ref  text,
    max_uses        bigint,
    uses            bigint,
    CONSTRAINT promo_customer_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT promo_customer_source_check CHECK (source = 'bursar'),
    CONSTRAINT promo_customer_uses_check CHECK (uses >= 0 AND uses <= max_uses)
);
CREATE INDEX promo_customer_subscriber_ref_idx ON bursar.promo_customer (subscriber_ref) WHERE subscriber_ref IS NOT NULL;

-- The use of a code for one order; external_id is the app's name of that order, so that one order has one code.
CREATE TABLE bursar.promo_redemption (
    id                uuid        PRIMARY KEY,
    source            text        NOT NULL,
    external_id       text        NOT NULL,
    versions          jsonb       NOT NULL,
    created_at        timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL,
    status            text,
    code_ref          text,
    campaign_ref      text,
    subscriber_ref    text,
    currency          text,
    subtotal_minor    bigint,
    amount_off_minor  bigint,
    lines             jsonb,
    request_source    text,
    request           text,
    reserved_at       timestamptz,
    expires_at        timestamptz,
    consumed_at       timestamptz,
    released_at       timestamptz,
    released_because  text,
    honoured_at       timestamptz,
    actor             text,
    CONSTRAINT promo_redemption_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT promo_redemption_code_reference_key UNIQUE (code_ref, external_id),
    CONSTRAINT promo_redemption_source_check CHECK (source = 'bursar'),
    CONSTRAINT promo_redemption_status_check CHECK (status IN ('reserved', 'consumed', 'released', 'expired')),
    CONSTRAINT promo_redemption_own_check CHECK (versions = '{}' OR (status IS NOT NULL AND code_ref IS NOT NULL AND campaign_ref IS NOT NULL
        AND subscriber_ref IS NOT NULL AND currency IS NOT NULL AND expires_at IS NOT NULL)),
    CONSTRAINT promo_redemption_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT promo_redemption_amount_off_check CHECK (versions = '{}' OR amount_off_minor BETWEEN 0 AND subtotal_minor),
    CONSTRAINT promo_redemption_request_check CHECK ((request IS NULL) = (request_source IS NULL)),
    CONSTRAINT promo_redemption_released_check CHECK ((status IN ('released', 'expired')) = (released_because IS NOT NULL))
);
CREATE INDEX promo_redemption_expires_at_idx ON bursar.promo_redemption (expires_at, id) WHERE status = 'reserved';
CREATE INDEX promo_redemption_held_idx ON bursar.promo_redemption (code_ref, campaign_ref, subscriber_ref)
    WHERE status IN ('reserved', 'consumed');

-- Which redemption's discount a payment has.
ALTER TABLE bursar.payment_request ADD COLUMN promo_ref text;
ALTER TABLE bursar.checkout_request ADD COLUMN promo_ref text;
ALTER TABLE bursar.fulfilment ADD COLUMN promo_ref text;

GRANT SELECT, INSERT, UPDATE ON bursar.campaign, bursar.promo_code, bursar.promo_customer, bursar.promo_redemption TO bursar_app;
GRANT SELECT ON bursar.campaign, bursar.promo_code, bursar.promo_customer, bursar.promo_redemption TO bursar_maintenance;
