-- What taxing needs and no provider tells: rates laid over the package's table, rates of exchange, and what VIES said of VAT numbers
-- (TAX-1, TAX-4, TAX-5).

-- A state changes a rate overnight: from `valid_from` on this row counts, until the next one of this or of the package's table.
-- external_id: `<area>:<kind>:<valid_from>`. `percent` null: from then on there is no such rate.
CREATE TABLE bursar.tax_rate (
    id          uuid        PRIMARY KEY,
    source      text        NOT NULL,
    external_id text        NOT NULL,
    versions    jsonb       NOT NULL,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    area        text,
    kind        text,
    valid_from  date,
    rate        bigint,
    note        text,
    actor       text,
    CONSTRAINT tax_rate_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT tax_rate_source_check CHECK (source = 'bursar'),
    CONSTRAINT tax_rate_area_check CHECK (area ~ '^[A-Z]{2}(-[A-Z0-9]{1,3})?$'),
    CONSTRAINT tax_rate_kind_check CHECK (kind IN ('parking', 'reduced', 'second_reduced', 'standard', 'super_reduced')),
    CONSTRAINT tax_rate_rate_check CHECK (rate BETWEEN 0 AND 1000000)
);
GRANT SELECT, INSERT, UPDATE ON bursar.tax_rate TO bursar_app;
GRANT SELECT ON bursar.tax_rate TO bursar_maintenance;

-- How many units of `quote` one unit of `base` is, as a plain decimal text: it is printed and never added to.
-- external_id: `<rate_source>:<base>:<quote>:<valid_on>`.
CREATE TABLE bursar.fx_rate (
    id          uuid        PRIMARY KEY,
    source      text        NOT NULL,
    external_id text        NOT NULL,
    versions    jsonb       NOT NULL,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    rate_source text,
    base        text,
    quote       text,
    valid_on    date,
    rate        text,
    actor       text,
    CONSTRAINT fx_rate_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT fx_rate_source_check CHECK (source = 'bursar'),
    CONSTRAINT fx_rate_base_check CHECK (base ~ '^[A-Z]{3}$'),
    CONSTRAINT fx_rate_quote_check CHECK (quote ~ '^[A-Z]{3}$' AND quote <> base),
    CONSTRAINT fx_rate_rate_check CHECK (rate ~ '^[0-9]{1,9}(\.[0-9]{1,9})?$' AND rate ~ '[1-9]')
);
CREATE INDEX fx_rate_pair_idx ON bursar.fx_rate (base, quote, valid_on DESC);
GRANT SELECT, INSERT, UPDATE ON bursar.fx_rate TO bursar_app;
GRANT SELECT ON bursar.fx_rate TO bursar_maintenance;

-- What VIES last said of a VAT number; external_id is the number with its prefix. `valid` null: it never said. "Unavailable" is
-- never stored as invalid: it only moves `next_at`, and a proof that is there stays until it is too old.
CREATE TABLE bursar.vies_check (
    id           uuid        PRIMARY KEY,
    source       text        NOT NULL,
    external_id  text        NOT NULL,
    versions     jsonb       NOT NULL,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    valid        boolean,
    checked_at   timestamptz,
    request_date text,
    consultation text,
    requester    text,
    asks         bigint,
    asked_at     timestamptz,
    failures     bigint,
    error        text,
    next_at      timestamptz,
    CONSTRAINT vies_check_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT vies_check_source_check CHECK (source = 'vies'),
    CONSTRAINT vies_check_number_check CHECK (external_id ~ '^[A-Z]{2}[A-Z0-9+*.]{2,13}$'),
    CONSTRAINT vies_check_valid_check CHECK ((valid IS NULL) = (checked_at IS NULL))
);
CREATE INDEX vies_check_next_at_idx ON bursar.vies_check (next_at, id) WHERE next_at IS NOT NULL;
GRANT SELECT, INSERT, UPDATE ON bursar.vies_check TO bursar_app;
GRANT SELECT ON bursar.vies_check TO bursar_maintenance;
