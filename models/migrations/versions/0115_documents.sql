-- Legal papers of what we bill ourselves: who issues them, to whom, their series and the papers themselves (INV-8, INV-9, TAX-5).

-- The one who issues them. One row; said anew as a whole. What is issued already keeps what it was issued with.
CREATE TABLE bursar.seller (
    id                   uuid        PRIMARY KEY,
    source               text        NOT NULL,
    external_id          text        NOT NULL,
    versions             jsonb       NOT NULL,
    created_at           timestamptz NOT NULL,
    updated_at           timestamptz NOT NULL,
    name                 text,
    street               text,
    city                 text,
    county               text,
    postal_code          text,
    country              text,
    vat_id               text,
    vat_registered       boolean,
    oss                  boolean,
    tax_number           text,
    registration_no      text,
    email                text,
    phone                text,
    iban                 text,
    bank                 text,
    legal_note           text,
    currency             text,
    language             text,
    zone                 text,
    prices               text,
    invoice_series       text,
    credit_note_series   text,
    keep_years           bigint,
    CONSTRAINT seller_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT seller_source_check CHECK (source = 'bursar'),
    CONSTRAINT seller_external_id_check CHECK (external_id = 'seller'),
    CONSTRAINT seller_country_check CHECK (country ~ '^[A-Z]{2}$'),
    CONSTRAINT seller_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT seller_language_check CHECK (language IN ('en', 'ro')),
    CONSTRAINT seller_prices_check CHECK (prices IN ('exclusive', 'inclusive')),
    CONSTRAINT seller_series_check CHECK (invoice_series ~ '^[A-Z0-9]{1,12}$' AND credit_note_series ~ '^[A-Z0-9]{1,12}$'
                                          AND invoice_series <> credit_note_series),
    CONSTRAINT seller_keep_years_check CHECK (keep_years BETWEEN 5 AND 50)
);
GRANT SELECT, INSERT, UPDATE ON bursar.seller TO bursar_app;
GRANT SELECT ON bursar.seller TO bursar_maintenance;

-- To whom a subscriber's papers are made out. Personal data: erased with its subscriber; what is issued has its own copy.
CREATE TABLE bursar.bill_to (
    id                uuid        PRIMARY KEY,
    source            text        NOT NULL,
    external_id       text        NOT NULL,
    versions          jsonb       NOT NULL,
    created_at        timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL,
    kind              text,
    name              text,
    street            text,
    city              text,
    county            text,
    postal_code       text,
    country           text,
    vat_id            text,
    tax_number        text,
    registration_no   text,
    email             text,
    phone             text,
    vat_id_valid      boolean,
    vat_checked_at    timestamptz,
    vies_consultation text,
    CONSTRAINT bill_to_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT bill_to_source_check CHECK (source = 'bursar'),
    CONSTRAINT bill_to_kind_check CHECK (kind IN ('business', 'consumer')),
    CONSTRAINT bill_to_country_check CHECK (country ~ '^[A-Z]{2}$')
);
CREATE INDEX bill_to_vat_id_idx ON bursar.bill_to (vat_id) WHERE vat_id IS NOT NULL;
GRANT SELECT, INSERT, UPDATE ON bursar.bill_to TO bursar_app;
GRANT SELECT ON bursar.bill_to TO bursar_maintenance;

-- Where a series stands. `next` is moved by one statement for all papers of a transaction, just before its commit: what is rolled
-- back has drawn nothing (INV-8). `last_at` and `last_on` keep the order of numbers the order of time.
CREATE TABLE bursar.series (
    prefix  text        NOT NULL,
    year    int         NOT NULL,
    next    bigint      NOT NULL,
    last_at timestamptz NOT NULL,
    last_on date        NOT NULL,
    CONSTRAINT series_pkey PRIMARY KEY (prefix, year),
    CONSTRAINT series_next_check CHECK (next >= 1),
    CONSTRAINT series_year_check CHECK (year = extract(year FROM last_on)::int)
);
CREATE FUNCTION bursar.series_only_grows() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.prefix = OLD.prefix AND NEW.year = OLD.year AND NEW.next >= OLD.next AND NEW.last_at >= OLD.last_at
       AND NEW.last_on >= OLD.last_on THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the series %-% only grows: % refused; a number is drawn by issuing a paper', OLD.prefix, OLD.year, TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER series_only_grows BEFORE UPDATE OR DELETE ON bursar.series FOR EACH ROW EXECUTE FUNCTION bursar.series_only_grows();
GRANT SELECT, INSERT, UPDATE ON bursar.series TO bursar_app;
GRANT SELECT ON bursar.series TO bursar_maintenance;

-- Issued invoices and credit notes, each whole and with its number from the beginning (INV-9). `content` is the paper as it is
-- printed and sent (billing.rules.paper.document.Document), without its buyer. external_id: `invoice:<invoice>`, or of a credit note
-- `<why>:<invoice>:...`.
CREATE TABLE bursar.document (
    id               uuid        PRIMARY KEY,
    source           text        NOT NULL,
    external_id      text        NOT NULL,
    versions         jsonb       NOT NULL,
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL,
    kind             text        NOT NULL,
    series           text        NOT NULL,
    year             int         NOT NULL,
    no               bigint      NOT NULL,
    number           text        NOT NULL,
    issued_at        timestamptz NOT NULL,
    issued_on        date        NOT NULL,
    tax_point_on     date        NOT NULL,
    invoice_ref      text        NOT NULL,
    corrects_ref     text,
    subscriber_ref   text        NOT NULL,
    country          text        NOT NULL,
    currency         text        NOT NULL,
    net_minor        bigint      NOT NULL,
    tax_minor        bigint      NOT NULL,
    total_minor      bigint      NOT NULL,
    reason           text,
    actor            text        NOT NULL,
    template         bigint      NOT NULL,
    content          jsonb       NOT NULL,
    locked_at        timestamptz NOT NULL,
    CONSTRAINT document_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT document_series_year_no_key UNIQUE (series, year, no),
    CONSTRAINT document_number_key UNIQUE (number),
    CONSTRAINT document_source_check CHECK (source = 'bursar'),
    CONSTRAINT document_kind_check CHECK (kind IN ('credit_note', 'invoice')),
    CONSTRAINT document_number_check CHECK (no >= 1 AND number = series || '-' || year || '-' || lpad(no::text, greatest(6, length(no::text)), '0')),
    CONSTRAINT document_year_check CHECK (year = extract(year FROM issued_on)::int),
    CONSTRAINT document_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT document_total_check CHECK (total_minor > 0 AND net_minor + tax_minor = total_minor),
    CONSTRAINT document_corrects_check CHECK ((kind = 'credit_note') = (corrects_ref IS NOT NULL))
);
CREATE INDEX document_invoice_ref_idx ON bursar.document (invoice_ref);
CREATE INDEX document_subscriber_ref_idx ON bursar.document (subscriber_ref, issued_at);
CREATE INDEX document_locked_at_idx ON bursar.document (locked_at);

CREATE FUNCTION bursar.document_stays() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'issued papers stay as they are: % refused; what is wrong is put right by a credit note', TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER document_stays BEFORE UPDATE OR DELETE ON bursar.document FOR EACH ROW EXECUTE FUNCTION bursar.document_stays();
CREATE TRIGGER document_not_emptied BEFORE TRUNCATE ON bursar.document FOR EACH STATEMENT EXECUTE FUNCTION bursar.document_stays();
CREATE TRIGGER series_not_emptied BEFORE TRUNCATE ON bursar.series FOR EACH STATEMENT EXECUTE FUNCTION bursar.document_stays();

-- Credit notes of an invoice never come to more than it. They are inserted behind the lock of their series, so they see each other.
CREATE FUNCTION bursar.credited_within() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE invoice bursar.document; credited record;
BEGIN
    SELECT * INTO invoice FROM bursar.document WHERE source = NEW.source AND external_id = NEW.corrects_ref AND kind = 'invoice';
    SELECT coalesce(sum(total_minor), 0) AS total, coalesce(sum(tax_minor), 0) AS tax INTO credited FROM bursar.document
    WHERE kind = 'credit_note' AND invoice_ref = NEW.invoice_ref AND corrects_ref = NEW.corrects_ref AND id <> NEW.id;
    IF invoice.id IS NULL OR invoice.currency <> NEW.currency OR invoice.invoice_ref <> NEW.invoice_ref
       OR credited.total + NEW.total_minor > invoice.total_minor OR credited.tax + NEW.tax_minor > invoice.tax_minor THEN
        RAISE EXCEPTION 'credit note % of % (tax %) is more than is left of %', NEW.number, NEW.total_minor, NEW.tax_minor, NEW.corrects_ref
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER credited_within AFTER INSERT ON bursar.document FOR EACH ROW WHEN (NEW.kind = 'credit_note')
    EXECUTE FUNCTION bursar.credited_within();
GRANT SELECT, INSERT ON bursar.document TO bursar_app;
GRANT SELECT ON bursar.document TO bursar_maintenance;

-- To whom it was issued: apart, because it is personal. It stays as long as the law wants the paper; then it can be erased, once.
CREATE TABLE bursar.document_buyer (
    document_id uuid PRIMARY KEY REFERENCES bursar.document (id),
    content     jsonb,
    keep_until  date NOT NULL,
    erased_at   timestamptz,
    CONSTRAINT document_buyer_erased_check CHECK ((content IS NULL) = (erased_at IS NOT NULL)),
    CONSTRAINT document_buyer_keep_check CHECK (erased_at IS NULL OR erased_at::date > keep_until)
);
CREATE FUNCTION bursar.document_buyer_stays() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.erased_at IS NULL AND NEW.erased_at IS NOT NULL AND NEW.content IS NULL
       AND (NEW.document_id, NEW.keep_until) = (OLD.document_id, OLD.keep_until) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the buyer of an issued paper stays as it is until %, then it is erased: % refused', OLD.keep_until, TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER document_buyer_stays BEFORE UPDATE OR DELETE ON bursar.document_buyer
    FOR EACH ROW EXECUTE FUNCTION bursar.document_buyer_stays();
CREATE INDEX document_buyer_keep_until_idx ON bursar.document_buyer (keep_until) WHERE erased_at IS NULL;
GRANT SELECT, INSERT, UPDATE ON bursar.document_buyer TO bursar_app;
GRANT SELECT, UPDATE ON bursar.document_buyer TO bursar_maintenance;

-- Invoices whose paper waits for something, such as a rate of exchange: money goes on, the paper follows.
CREATE TABLE bursar.document_wait (
    id          uuid        PRIMARY KEY,
    source      text        NOT NULL,
    external_id text        NOT NULL,
    versions    jsonb       NOT NULL,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    invoice_ref text,
    subscriber_ref text,
    cause       text,
    said        text,
    since       timestamptz,
    ended_at    timestamptz,
    CONSTRAINT document_wait_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT document_wait_source_check CHECK (source = 'bursar'),
    CONSTRAINT document_wait_cause_check CHECK (cause IN ('no_fx_rate', 'no_tax_rate'))
);
CREATE INDEX document_wait_open_idx ON bursar.document_wait (since, id) WHERE ended_at IS NULL;
GRANT SELECT, INSERT, UPDATE ON bursar.document_wait TO bursar_app;
GRANT SELECT ON bursar.document_wait TO bursar_maintenance;

-- Whether the invoice's lines hold the tax already; the breakdown is frozen with it (TAX-5). Null: no tax was looked at.
ALTER TABLE bursar.invoice
    ADD COLUMN tax_inclusive boolean,
    ADD COLUMN taxes         jsonb;
