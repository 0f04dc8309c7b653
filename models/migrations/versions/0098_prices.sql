-- Prices over time (PRICE-1 to PRICE-9): versions that stay what they were, who was told of which, who keeps what, and moves in batches.

-- PRICE-1: what was published stays; the next version is another row.
CREATE FUNCTION bursar.price_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (OLD.versions = '{}' OR
        (OLD.source, OLD.external_id, OLD.product_ref, OLD.cycle_unit, OLD.cycle_count, OLD.currency, OLD.version, OLD.unit_amount_minor,
         OLD.effective_for_new_at, OLD.effective_for_existing_at, OLD.notice_days, OLD.published_at)
        IS NOT DISTINCT FROM
        (NEW.source, NEW.external_id, NEW.product_ref, NEW.cycle_unit, NEW.cycle_count, NEW.currency, NEW.version, NEW.unit_amount_minor,
         NEW.effective_for_new_at, NEW.effective_for_existing_at, NEW.notice_days, NEW.published_at)) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the price % is published and stays: % refused; publish the next version', OLD.external_id, TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER price_stays BEFORE UPDATE OR DELETE ON bursar.price FOR EACH ROW EXECUTE FUNCTION bursar.price_stays();

-- What one subscriber pays for one product and cycle, whatever is published (PRICE-5, PRICE-6).
-- external_id: <kind>:<subscriber>:<product>:<count><unit>:<currency>. Statuses: billing.rules.states_prices.
CREATE TABLE bursar.price_assignment (
    id                 uuid        PRIMARY KEY,
    source             text        NOT NULL,
    external_id        text        NOT NULL,
    versions           jsonb       NOT NULL,
    created_at         timestamptz NOT NULL,
    updated_at         timestamptz NOT NULL,
    status             text,
    kind               text,
    subscriber_ref     text,
    product_ref        text,
    cycle_unit         text,
    cycle_count        bigint,
    currency           text,
    price_ref          text,
    unit_amount_minor  bigint,
    locked_at          timestamptz,
    expires_at         timestamptz,
    warned_at          timestamptz,
    ended_at           timestamptz,
    reason             text,
    actor              text,
    CONSTRAINT price_assignment_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT price_assignment_source_check CHECK (source = 'bursar'),
    CONSTRAINT price_assignment_status_check CHECK (status IN ('active', 'expired')),
    CONSTRAINT price_assignment_kind_check CHECK (kind IN ('grandfather', 'override')),
    CONSTRAINT price_assignment_unit_amount_minor_check CHECK (unit_amount_minor BETWEEN 0 AND 100000000),
    CONSTRAINT price_assignment_price_ref_check CHECK (kind <> 'grandfather' OR price_ref IS NOT NULL)
);
CREATE INDEX price_assignment_subscriber_ref_idx ON bursar.price_assignment (subscriber_ref) WHERE status = 'active';
CREATE INDEX price_assignment_expires_at_idx ON bursar.price_assignment (expires_at, id) WHERE status = 'active' AND expires_at IS NOT NULL;

-- PRICE-3: who was told of which version, once, and what became of the mail. external_id: <subscriber>:<price>.
CREATE TABLE bursar.price_notice (
    id                uuid        PRIMARY KEY,
    source            text        NOT NULL,
    external_id       text        NOT NULL,
    versions          jsonb       NOT NULL,
    created_at        timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL,
    status            text,
    subscriber_ref    text,
    price_ref         text,
    subscription_ref  text,
    from_minor        bigint,
    to_minor          bigint,
    currency          text,
    changes_at        timestamptz,
    mail_key          text,
    asked_at          timestamptz,
    delivered_at      timestamptz,
    CONSTRAINT price_notice_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT price_notice_source_check CHECK (source = 'bursar'),
    CONSTRAINT price_notice_status_check CHECK (status IN ('asked', 'delivered', 'failed', 'no_address')),
    CONSTRAINT price_notice_delivered_at_check CHECK ((status = 'delivered') = (delivered_at IS NOT NULL))
);
CREATE INDEX price_notice_subscriber_ref_idx ON bursar.price_notice (subscriber_ref);
CREATE INDEX price_notice_open_idx ON bursar.price_notice (asked_at, id) WHERE status IN ('asked', 'failed');

-- PRICE-4: subscribers of one version are moved to another, in pages; a row per subscription says what came of it.
CREATE TABLE bursar.price_migration (
    id               uuid        PRIMARY KEY,
    source           text        NOT NULL,
    external_id      text        NOT NULL,
    versions         jsonb       NOT NULL,
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL,
    status           text,
    mode             text,
    from_price_ref   text,
    to_price_ref     text,
    rate_per_minute  bigint,
    reason           text,
    actor            text,
    requested_at     timestamptz,
    completed_at     timestamptz,
    CONSTRAINT price_migration_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT price_migration_source_check CHECK (source = 'bursar'),
    CONSTRAINT price_migration_status_check CHECK (status IN ('done', 'running', 'stopped')),
    CONSTRAINT price_migration_mode_check CHECK (mode IN ('apply', 'shadow')),
    CONSTRAINT price_migration_rate_per_minute_check CHECK (rate_per_minute > 0)
);

-- external_id: <migration>:<source of the subscription>:<subscription>.
CREATE TABLE bursar.price_move (
    id                   uuid        PRIMARY KEY,
    source               text        NOT NULL,
    external_id          text        NOT NULL,
    versions             jsonb       NOT NULL,
    created_at           timestamptz NOT NULL,
    updated_at           timestamptz NOT NULL,
    status               text,
    outcome              text,
    because              text,
    migration_ref        text,
    subscriber_ref       text,
    subscription_source  text,
    subscription_ref     text,
    to_price_ref         text,
    from_minor           bigint,
    to_minor             bigint,
    currency             text,
    worked_at            timestamptz,
    moved_at             timestamptz,
    CONSTRAINT price_move_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT price_move_source_check CHECK (source = 'bursar'),
    CONSTRAINT price_move_status_check CHECK (status IN ('awaiting_approval', 'kept', 'moved', 'planned', 'provider_change_needed', 'shadow'))
);
CREATE INDEX price_move_migration_idx ON bursar.price_move (migration_ref, worked_at);
CREATE INDEX price_move_planned_idx ON bursar.price_move (subscription_ref) WHERE status = 'planned';

CREATE INDEX subscription_price_ref_idx ON bursar.subscription (price_ref, id) WHERE source = 'bursar';

GRANT SELECT, INSERT, UPDATE ON bursar.price_assignment, bursar.price_notice, bursar.price_migration, bursar.price_move TO bursar_app;
GRANT SELECT ON bursar.price_assignment, bursar.price_notice, bursar.price_migration, bursar.price_move TO bursar_maintenance;
