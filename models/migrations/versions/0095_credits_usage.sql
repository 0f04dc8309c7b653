-- Credits (CRED-1 to 9, 11, 12): an account per subscriber, lots, and a ledger that is only added to. The account's balance is the sum
-- of its ledger, and of what is left of its active lots. Statuses: billing.rules.states_credits. Then usage (USAGE-1 to 5).

-- external_id: the subscriber's. `open_lots`: the external ids of the lots that are active. The warning's period began at `warned_from`.
CREATE TABLE bursar.credit_account (
    id            uuid        PRIMARY KEY,
    source        text        NOT NULL,
    external_id   text        NOT NULL,
    versions      jsonb       NOT NULL,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    balance       bigint,
    entries       bigint,
    open_lots     jsonb,
    reset_at      timestamptz,
    full_balance  bigint,
    warned_from   timestamptz,
    warned        jsonb,
    CONSTRAINT credit_account_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT credit_account_source_check CHECK (source = 'bursar'),
    -- CRED-11: never below zero, whatever the program does.
    CONSTRAINT credit_account_balance_check CHECK (balance >= 0),
    CONSTRAINT credit_account_own_check CHECK (versions = '{}' OR (balance IS NOT NULL AND entries >= 0 AND open_lots IS NOT NULL))
);

-- A grant; external_id says what for, so that it happens once: `invoice:<ref>`, `payment:<source>:<ref>`, `bonus:<ref>`,
-- `adjustment:<ref>`, `subscription:<source>:<ref>:<start of the credit month>`.
CREATE TABLE bursar.credit_lot (
    id                   uuid        PRIMARY KEY,
    source               text        NOT NULL,
    external_id          text        NOT NULL,
    versions             jsonb       NOT NULL,
    created_at           timestamptz NOT NULL,
    updated_at           timestamptz NOT NULL,
    status               text,
    subscriber_ref       text,
    pool                 text,
    origin               text,
    amount               bigint,
    remaining            bigint,
    granted_at           timestamptz,
    expires_at           timestamptz,
    ended_at             timestamptz,
    ended_because        text,
    product_ref          text,
    subscription_source  text,
    subscription_ref     text,
    month_start          timestamptz,
    invoice_ref          text,
    payment_ref          text,
    clawed_back          bigint,
    reason               text,
    actor                text,
    CONSTRAINT credit_lot_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT credit_lot_source_check CHECK (source = 'bursar'),
    CONSTRAINT credit_lot_status_check CHECK (status IN ('active', 'expired', 'used')),
    CONSTRAINT credit_lot_pool_check CHECK (pool IN ('bonus', 'purchased', 'subscription')),
    CONSTRAINT credit_lot_origin_check CHECK (origin IN ('adjustment', 'bonus', 'package', 'subscription')),
    CONSTRAINT credit_lot_own_check CHECK (versions = '{}' OR (status IS NOT NULL AND subscriber_ref IS NOT NULL AND pool IS NOT NULL
        AND origin IS NOT NULL AND amount > 0 AND remaining BETWEEN 0 AND amount AND granted_at IS NOT NULL)),
    CONSTRAINT credit_lot_remaining_check CHECK ((status = 'active') = (remaining > 0)),
    CONSTRAINT credit_lot_ended_check CHECK ((status = 'active') = (ended_at IS NULL) AND (ended_at IS NULL) = (ended_because IS NULL)),
    CONSTRAINT credit_lot_subscription_check CHECK (versions = '{}' OR (origin = 'subscription') = (subscription_ref IS NOT NULL)),
    -- CRED-3: once per subscription and credit month.
    CONSTRAINT credit_lot_month_key UNIQUE (subscription_source, subscription_ref, month_start)
);
CREATE INDEX credit_lot_subscriber_ref_idx ON bursar.credit_lot (subscriber_ref, granted_at);
CREATE INDEX credit_lot_expires_at_idx ON bursar.credit_lot (expires_at, id) WHERE status = 'active' AND expires_at IS NOT NULL;

-- Signed, append-only; each change of a lot for a fact once. `seq` counts the subscriber's entries from 1; balance_after is his balance.
CREATE TABLE bursar.credit_entry (
    id              uuid        PRIMARY KEY,
    subscriber_ref  text        NOT NULL,
    seq             bigint      NOT NULL,
    at              timestamptz NOT NULL,
    fact            text        NOT NULL,
    kind            text        NOT NULL,
    lot_ref         text        NOT NULL,
    pool            text        NOT NULL,
    origin          text        NOT NULL,
    amount          bigint      NOT NULL,
    balance_after   bigint      NOT NULL,
    expires_at      timestamptz,
    reason          text,
    actor           text        NOT NULL,
    CONSTRAINT credit_entry_fact_key UNIQUE (fact, kind, lot_ref),
    CONSTRAINT credit_entry_seq_key UNIQUE (subscriber_ref, seq),
    CONSTRAINT credit_entry_kind_check CHECK (kind IN
        ('adjustment', 'bonus', 'clawback', 'deduction', 'expiry', 'purchase', 'refund', 'reset', 'subscription')),
    CONSTRAINT credit_entry_amount_check CHECK (amount <> 0 AND (kind = 'adjustment'
        OR (amount > 0) = (kind IN ('bonus', 'purchase', 'refund', 'subscription')))),
    CONSTRAINT credit_entry_balance_after_check CHECK (balance_after >= 0 AND seq > 0),
    -- CRED-9.
    CONSTRAINT credit_entry_reason_check CHECK (kind <> 'adjustment' OR reason IS NOT NULL)
);
CREATE INDEX credit_entry_at_idx ON bursar.credit_entry (at);
CREATE INDEX credit_entry_lot_ref_idx ON bursar.credit_entry (lot_ref);
CREATE TRIGGER credit_entry_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON bursar.credit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION bursar.refuse_change();

-- The log of what credits were spent on (CRED-7); external_id is the app's name of the operation. `lots`: lot -> credits.
CREATE TABLE bursar.credit_spend (
    id              uuid        PRIMARY KEY,
    source          text        NOT NULL,
    external_id     text        NOT NULL,
    versions        jsonb       NOT NULL,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    subscriber_ref  text,
    amount          bigint,
    site            text,
    operation       text,
    model           text,
    lots            jsonb,
    balance_after   bigint,
    spent_at        timestamptz,
    given_back      bigint,
    given_back_at   timestamptz,
    CONSTRAINT credit_spend_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT credit_spend_source_check CHECK (source = 'bursar'),
    CONSTRAINT credit_spend_own_check CHECK (versions = '{}' OR (subscriber_ref IS NOT NULL AND amount > 0 AND site IS NOT NULL
        AND operation IS NOT NULL AND lots IS NOT NULL AND spent_at IS NOT NULL AND given_back BETWEEN 0 AND amount))
);
CREATE INDEX credit_spend_spent_at_idx ON bursar.credit_spend (spent_at);
CREATE INDEX credit_spend_subscriber_ref_idx ON bursar.credit_spend (subscriber_ref, spent_at);

-- Until when a subscription is paid, and when its credits are reset next within that (CRED-3); source and external_id: the subscription's.
CREATE TABLE bursar.credit_cycle (
    id              uuid        PRIMARY KEY,
    source          text        NOT NULL,
    external_id     text        NOT NULL,
    versions        jsonb       NOT NULL,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    subscriber_ref  text,
    paid_from       timestamptz,
    paid_until      timestamptz,
    month_start     timestamptz,
    next_reset_at   timestamptz,
    CONSTRAINT credit_cycle_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT credit_cycle_paid_check CHECK (paid_until > paid_from),
    CONSTRAINT credit_cycle_next_reset_at_check CHECK (next_reset_at < paid_until)
);
CREATE INDEX credit_cycle_next_reset_at_idx ON bursar.credit_cycle (next_reset_at, id) WHERE next_reset_at IS NOT NULL;

CREATE INDEX fulfilment_unclaimed_credits_idx ON bursar.fulfilment (source, customer_ref)
    WHERE purpose = 'credit_package' AND external_ref IS NULL;

-- What is measured (USAGE-3). Quantities are whole numbers of the meter's smallest unit; `unit_size` of them are one that is shown.
CREATE TABLE bursar.meter (
    id                   uuid        PRIMARY KEY,
    source               text        NOT NULL,
    external_id          text        NOT NULL,
    versions             jsonb       NOT NULL,
    created_at           timestamptz NOT NULL,
    updated_at           timestamptz NOT NULL,
    name                 text,
    category             text,
    aggregation          text,
    rounding             text,
    unit_size            bigint,
    limit_name           text,
    alert_percents       jsonb,
    provider_event_name  text,
    CONSTRAINT meter_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT meter_source_check CHECK (source = 'bursar'),
    CONSTRAINT meter_category_check CHECK (category IN ('bandwidth', 'compute', 'custom', 'email', 'storage')),
    CONSTRAINT meter_aggregation_check CHECK (aggregation IN ('count', 'last', 'max', 'sum', 'unique')),
    CONSTRAINT meter_rounding_check CHECK (rounding IN ('down', 'nearest', 'none', 'up')),
    CONSTRAINT meter_unit_size_check CHECK (unit_size > 0 AND (rounding <> 'none' OR unit_size = 1)),
    CONSTRAINT meter_own_check CHECK (versions = '{}' OR (category IS NOT NULL AND aggregation IS NOT NULL AND rounding IS NOT NULL
        AND unit_size IS NOT NULL AND limit_name IS NOT NULL AND alert_percents IS NOT NULL))
);

-- Into which periods a subscriber's usage counts: the last settled one of his metered subscription, and the one before.
CREATE TABLE bursar.usage_period (
    id                   uuid        PRIMARY KEY,
    source               text        NOT NULL,
    external_id          text        NOT NULL,
    versions             jsonb       NOT NULL,
    created_at           timestamptz NOT NULL,
    updated_at           timestamptz NOT NULL,
    subscription_source  text,
    subscription_ref     text,
    period_start         timestamptz,
    period_end           timestamptz,
    before_ref           text,
    before_start         timestamptz,
    CONSTRAINT usage_period_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT usage_period_source_check CHECK (source = 'bursar'),
    CONSTRAINT usage_period_order_check CHECK (before_start < period_start)
);

-- A measurement; external_id is the app's key of it, so that it counts once. `counter_ref` null: too late for any counter.
CREATE TABLE bursar.usage_event (
    id              uuid        PRIMARY KEY,
    source          text        NOT NULL,
    external_id     text        NOT NULL,
    versions        jsonb       NOT NULL,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    subscriber_ref  text,
    meter_ref       text,
    quantity        bigint,
    item            text,
    used_at         timestamptz,
    counter_ref     text,
    late            boolean,
    CONSTRAINT usage_event_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT usage_event_source_check CHECK (source = 'bursar'),
    CONSTRAINT usage_event_own_check CHECK (versions = '{}' OR (subscriber_ref IS NOT NULL AND meter_ref IS NOT NULL
        AND quantity >= 0 AND used_at IS NOT NULL AND late IS NOT NULL))
);
CREATE INDEX usage_event_counter_ref_idx ON bursar.usage_event (counter_ref) WHERE counter_ref IS NOT NULL;

-- external_id: `<subscription source>:<subscription>:<period start>:<meter>`, or `none:<subscriber>::<meter>` before any period is settled.
CREATE TABLE bursar.usage_counter (
    id                   uuid        PRIMARY KEY,
    source               text        NOT NULL,
    external_id          text        NOT NULL,
    versions             jsonb       NOT NULL,
    created_at           timestamptz NOT NULL,
    updated_at           timestamptz NOT NULL,
    subscriber_ref       text,
    meter_ref            text,
    subscription_source  text,
    subscription_ref     text,
    period_start         timestamptz,
    period_end           timestamptz,
    events               bigint,
    value                bigint,
    last_at              timestamptz,
    alerted              jsonb,
    reports              bigint,
    CONSTRAINT usage_counter_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT usage_counter_source_check CHECK (source = 'bursar'),
    -- USAGE-1.
    CONSTRAINT usage_counter_period_key UNIQUE (subscription_source, subscription_ref, period_start, meter_ref),
    CONSTRAINT usage_counter_own_check CHECK (versions = '{}' OR (subscriber_ref IS NOT NULL AND meter_ref IS NOT NULL AND events >= 0
        AND value >= 0 AND alerted IS NOT NULL AND reports >= 0))
);
CREATE INDEX usage_counter_subscriber_ref_idx ON bursar.usage_counter (subscriber_ref, period_start);

-- What a counter of the aggregation `unique` has seen; external_id: `<counter>:<sha256 of the item>`.
CREATE TABLE bursar.usage_item (
    id           uuid        PRIMARY KEY,
    source       text        NOT NULL,
    external_id  text        NOT NULL,
    versions     jsonb       NOT NULL,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    CONSTRAINT usage_item_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT usage_item_source_check CHECK (source = 'bursar')
);

-- What is told to a provider's meter (USAGE-5): a row per counter and command; external_id: `<counter>:<number>`.
CREATE TABLE bursar.meter_report (
    id              uuid        PRIMARY KEY,
    source          text        NOT NULL,
    external_id     text        NOT NULL,
    versions        jsonb       NOT NULL,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    status          text,
    counter_ref     text,
    customer_ref    text,
    event_name      text,
    quantity        bigint,
    used_at         timestamptz,
    failure_code    text,
    failure_message text,
    completed_at    timestamptz,
    CONSTRAINT meter_report_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT meter_report_status_check CHECK (status IN ('accepted', 'failed', 'pending'))
);

GRANT SELECT, INSERT, UPDATE ON bursar.credit_account, bursar.credit_lot, bursar.credit_spend, bursar.credit_cycle, bursar.meter,
    bursar.usage_period, bursar.usage_event, bursar.usage_counter, bursar.usage_item, bursar.meter_report TO bursar_app;
GRANT SELECT, INSERT ON bursar.credit_entry TO bursar_app;
GRANT SELECT ON bursar.credit_account, bursar.credit_lot, bursar.credit_entry, bursar.credit_spend, bursar.credit_cycle, bursar.meter,
    bursar.usage_period, bursar.usage_event, bursar.usage_counter, bursar.usage_item, bursar.meter_report TO bursar_maintenance;

-- What the app reads: credits that can be spent at an instant, by pool. What has expired is not among them, whether or not it is voided yet.
CREATE FUNCTION bursar_api.credits(subscriber_ref text, at timestamptz DEFAULT clock_timestamp()) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, bursar, pg_temp AS $$
    WITH lots AS (
        SELECT l.pool, l.remaining, l.amount, l.expires_at FROM credit_lot l
        WHERE l.subscriber_ref = credits.subscriber_ref AND l.status = 'active' AND (l.expires_at IS NULL OR l.expires_at > credits.at)),
    pools AS (
        SELECT p.pool, coalesce(sum(l.remaining), 0) AS balance, min(l.expires_at) AS first_expires_at, max(l.expires_at) AS valid_until
        FROM (VALUES ('subscription'), ('purchased'), ('bonus')) AS p (pool) LEFT JOIN lots l ON l.pool = p.pool GROUP BY p.pool)
    SELECT jsonb_build_object(
        'balance', (SELECT sum(balance) FROM pools),
        'reset_at', (SELECT a.reset_at FROM credit_account a WHERE a.source = 'bursar' AND a.external_id = credits.subscriber_ref),
        'pools', (SELECT jsonb_object_agg(pool, jsonb_build_object(
            'balance', balance, 'first_expires_at', first_expires_at, 'valid_until', valid_until)) FROM pools))
$$;
REVOKE ALL ON FUNCTION bursar_api.credits FROM PUBLIC;
GRANT EXECUTE ON FUNCTION bursar_api.credits TO bursar_client, bursar_app, bursar_maintenance;

-- And what was used in the running period of each meter, in the meter's shown units, beside the plan's limit (USAGE-6). A period that
-- was paid ahead runs from its beginning; until then the one before it does.
CREATE FUNCTION bursar_api.usage(subscriber_ref text, at timestamptz DEFAULT clock_timestamp())
RETURNS TABLE (meter text, name text, used bigint, max_used bigint, reset_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, bursar, pg_temp AS $$
    SELECT m.external_id, m.name,
           CASE m.rounding WHEN 'up' THEN (coalesce(c.value, 0) + m.unit_size - 1) / m.unit_size
                           WHEN 'nearest' THEN (2 * coalesce(c.value, 0) + m.unit_size) / (2 * m.unit_size)
                           ELSE coalesce(c.value, 0) / m.unit_size END,
           (p.limits ->> m.limit_name)::bigint, CASE WHEN u.period_start > usage.at THEN u.period_start ELSE u.period_end END
    FROM meter m
    LEFT JOIN usage_period u ON u.source = 'bursar' AND u.external_id = usage.subscriber_ref AND u.period_start IS NOT NULL
    LEFT JOIN subscription s ON s.source = u.subscription_source AND s.external_id = u.subscription_ref
    LEFT JOIN product p ON p.source = 'bursar' AND p.external_id = s.product_ref
    LEFT JOIN usage_counter c ON c.source = 'bursar' AND c.external_id = CASE
        WHEN u.period_start > usage.at THEN u.before_ref
        ELSE coalesce(u.subscription_source || ':' || u.subscription_ref || ':'
                      || to_char(u.period_start AT TIME ZONE 'UTC', 'YYYYMMDD"T"HH24MISS"Z"'), 'none:' || usage.subscriber_ref || ':')
        END || ':' || m.external_id
    WHERE m.versions <> '{}' ORDER BY m.external_id
$$;
REVOKE ALL ON FUNCTION bursar_api.usage FROM PUBLIC;
GRANT EXECUTE ON FUNCTION bursar_api.usage TO bursar_client, bursar_app, bursar_maintenance;
