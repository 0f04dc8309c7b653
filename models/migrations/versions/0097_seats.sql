-- Organisations, their members and invitations, and the seats that follow from them (SEAT-1 to SEAT-9). An organisation is a
-- subscriber: whoever changes anything of it locks that row first. Statuses: billing.rules.states_seats.

-- What an organisation wants, and its counters: they are changed with the rows that they count, under the lock, so that a limit is
-- one comparison (SEAT-4). `asked_quantity` is what its subscription was last set to, `sync_due_at` when to set it again (SEAT-9).
CREATE TABLE bursar.organisation (
    id                   uuid        PRIMARY KEY,
    source               text        NOT NULL,
    external_id          text        NOT NULL,
    versions             jsonb       NOT NULL,
    created_at           timestamptz NOT NULL,
    updated_at           timestamptz NOT NULL,
    status               text,
    quantity_mode        text,
    proration            text,
    invitations_reserve  boolean,
    invitation_days      bigint,
    window_s             bigint,
    members              bigint,
    seats_taken          bigint,
    seats_reserved       bigint,
    seat_limit           bigint,
    subscription_source  text,
    subscription_ref     text,
    asked_quantity       bigint,
    asks                 bigint,
    sync_due_at          timestamptz,
    told_quantity        bigint,
    differs_since        timestamptz,
    assets               text,
    assets_to            text,
    held_accounts        jsonb,
    reason               text,
    deleted_at           timestamptz,
    CONSTRAINT organisation_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT organisation_source_check CHECK (source = 'bursar'),
    CONSTRAINT organisation_status_check CHECK (status IN ('active', 'deleted')),
    CONSTRAINT organisation_quantity_mode_check CHECK (quantity_mode IN ('bought', 'follow')),
    CONSTRAINT organisation_proration_check CHECK (proration IN ('accrue', 'charge')),
    CONSTRAINT organisation_assets_check CHECK (assets IN ('archive', 'transfer')),
    CONSTRAINT organisation_counts_check CHECK (members >= 0 AND seats_taken BETWEEN 0 AND members AND seats_reserved >= 0),
    -- SEAT-4: `seat_limit` is the limit when a seat was last taken; where it is lowered later, who has a seat keeps it.
    CONSTRAINT organisation_seat_limit_check CHECK (seats_taken + seats_reserved <= seat_limit),
    CONSTRAINT organisation_window_s_check CHECK (window_s BETWEEN 0 AND 86400)
);
CREATE INDEX organisation_sync_due_idx ON bursar.organisation (sync_due_at, id) WHERE sync_due_at IS NOT NULL;

-- Who belongs to an organisation, and as what, as the app said last by its own time (`fact_at`). external_id: `<organisation> <user>`.
CREATE TABLE bursar.membership (
    id                uuid        PRIMARY KEY,
    source            text        NOT NULL,
    external_id       text        NOT NULL,
    versions          jsonb       NOT NULL,
    created_at        timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL,
    status            text,
    organisation_ref  text,
    user_ref          text,
    role              text,
    seat              boolean,
    courses           jsonb,
    fact_at           timestamptz,
    fact_rank         bigint,
    joined_at         timestamptz,
    left_at           timestamptz,
    own_plans         jsonb,
    own_plans_at      timestamptz,
    CONSTRAINT membership_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT membership_source_check CHECK (source = 'bursar'),
    CONSTRAINT membership_organisation_user_key UNIQUE (organisation_ref, user_ref),
    CONSTRAINT membership_status_check CHECK (status IN ('active', 'left')),
    CONSTRAINT membership_seat_check CHECK (NOT seat OR status = 'active')
);
CREATE INDEX membership_user_idx ON bursar.membership (user_ref) WHERE status = 'active';
CREATE INDEX membership_updated_idx ON bursar.membership (updated_at);

-- An invitation into an organisation (SEAT-5). `reserves`: it has a seat for as long as it is pending. external_id: `<organisation> <reference>`.
CREATE TABLE bursar.invitation (
    id                uuid        PRIMARY KEY,
    source            text        NOT NULL,
    external_id       text        NOT NULL,
    versions          jsonb       NOT NULL,
    created_at        timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL,
    status            text,
    organisation_ref  text,
    reference         text,
    role              text,
    courses           jsonb,
    reserves          boolean,
    user_ref          text,
    expires_at        timestamptz,
    closed_at         timestamptz,
    reason            text,
    CONSTRAINT invitation_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT invitation_source_check CHECK (source = 'bursar'),
    CONSTRAINT invitation_reference_key UNIQUE (organisation_ref, reference),
    CONSTRAINT invitation_status_check CHECK (status IN ('accepted', 'cancelled', 'expired', 'pending')),
    CONSTRAINT invitation_reserves_check CHECK (NOT reserves OR status = 'pending')
);
CREATE INDEX invitation_expires_idx ON bursar.invitation (expires_at, id) WHERE status = 'pending';
CREATE INDEX invitation_pending_idx ON bursar.invitation (organisation_ref) WHERE status = 'pending';

-- What seats that came and went within the running period cost, for the next invoice (SEAT-2); negative: it takes that much off.
ALTER TABLE bursar.subscription ADD COLUMN seats_accrued_minor bigint;

-- A quantity is one more thing that we ask a provider for.
ALTER TABLE bursar.subscription_request ADD COLUMN quantity bigint,
    DROP CONSTRAINT subscription_request_action_check,
    ADD CONSTRAINT subscription_request_action_check CHECK (action IN ('cancel', 'cancel_at_period_end', 'keep', 'quantity')),
    ADD CONSTRAINT subscription_request_quantity_check CHECK ((action = 'quantity') = (quantity IS NOT NULL));

GRANT SELECT, INSERT, UPDATE ON bursar.organisation, bursar.membership, bursar.invitation TO bursar_app;
GRANT SELECT ON bursar.organisation, bursar.membership, bursar.invitation TO bursar_maintenance;

-- Where a user belongs, as what, and what it gives him (SEAT-8). Who left, and whose organisation was deleted, is not in it.
CREATE FUNCTION bursar_api.memberships(user_ref text) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, bursar, pg_temp AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object(
        'organisation', m.organisation_ref, 'role', m.role, 'courses', coalesce(m.courses, '[]'), 'seat', m.seat, 'since', m.joined_at,
        'plan', (SELECT s.product_ref FROM subscription s
                 LEFT JOIN product p ON p.source = 'bursar' AND p.external_id = s.product_ref
                 WHERE s.subscriber_ref = m.organisation_ref AND s.status IN ('active', 'past_due', 'pending_renewal', 'unpaid', 'trialing')
                 ORDER BY coalesce(p.free, false), s.status = 'trialing', s.started_at DESC NULLS LAST, s.id DESC LIMIT 1),
        'blocked', b.suspended_at IS NOT NULL) ORDER BY m.organisation_ref), '[]')
    FROM membership m
    JOIN organisation o ON o.source = 'bursar' AND o.external_id = m.organisation_ref AND o.status = 'active'
    LEFT JOIN subscriber b ON b.source = 'bursar' AND b.external_id = m.organisation_ref
    WHERE m.user_ref = memberships.user_ref AND m.status = 'active'
$$;
COMMENT ON FUNCTION bursar_api.memberships(text) IS 'The organisations of a user: role, assigned courses, seat, and the organisation''s plan.';
REVOKE ALL ON FUNCTION bursar_api.memberships(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION bursar_api.memberships(text) TO bursar_client, bursar_app, bursar_maintenance;

-- How an organisation stands: its seats, its policy, and after its deletion what is to become of its assets (SEAT-7).
CREATE FUNCTION bursar_api.organisation(organisation_ref text) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, bursar, pg_temp AS $$
    SELECT jsonb_build_object(
        'organisation', o.external_id, 'status', o.status, 'members', o.members, 'seats_taken', o.seats_taken,
        'seats_reserved', o.seats_reserved, 'seat_limit', o.seat_limit, 'quantity', o.asked_quantity, 'quantity_due_at', o.sync_due_at,
        'quantity_mode', o.quantity_mode, 'proration', o.proration, 'invitations_reserve', o.invitations_reserve,
        'deleted_at', o.deleted_at, 'assets', o.assets, 'assets_to', o.assets_to, 'held_accounts', coalesce(o.held_accounts, '[]'))
    FROM organisation o WHERE o.source = 'bursar' AND o.external_id = organisation.organisation_ref AND o.versions <> '{}'
$$;
COMMENT ON FUNCTION bursar_api.organisation(text) IS 'Seats and policy of an organisation; once deleted, what becomes of its assets and money.';
REVOKE ALL ON FUNCTION bursar_api.organisation(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION bursar_api.organisation(text) TO bursar_client, bursar_app, bursar_maintenance;
