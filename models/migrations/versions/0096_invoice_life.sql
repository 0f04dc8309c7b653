-- The life of our own invoices (INV-3, INV-12), account status (SUB-9) and what the app may grant (SUB-12).

-- Which of a provider's products and prices mean this product: what a mirrored subscription is for.
ALTER TABLE bursar.product ADD COLUMN provider_refs jsonb;

CREATE INDEX invoice_reminder_idx ON bursar.invoice (expires_at, id)
    WHERE status = 'pending' AND expires_at IS NOT NULL AND expiry_reminded_at IS NULL AND confirmation_since IS NULL;
CREATE INDEX invoice_stale_idx ON bursar.invoice (due_at, id)
    WHERE source = 'bursar' AND status = 'pending' AND expires_at IS NULL AND invoice_type <> 'subscription';
CREATE INDEX payment_request_invoice_idx ON bursar.payment_request (purpose_ref) WHERE purpose = 'invoice';
CREATE INDEX bank_transfer_invoice_idx ON bursar.bank_transfer (purpose_ref) WHERE purpose = 'invoice';

-- Whose snapshot changed, in the transaction that changed it: what an app with a cache follows. Append-only.
-- A later number may be committed first, so readers are shown only what no open transaction can still precede.
CREATE TABLE bursar.entitlement_change (
    id             uuid   PRIMARY KEY,
    seq            bigint GENERATED ALWAYS AS IDENTITY,
    subscriber_ref text   NOT NULL,
    at             timestamptz NOT NULL,
    written_by     xid8   NOT NULL DEFAULT pg_current_xact_id(),
    CONSTRAINT entitlement_change_seq_key UNIQUE (seq)
);
CREATE INDEX entitlement_change_at_idx ON bursar.entitlement_change (at);
CREATE FUNCTION bursar.tell_entitlement_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_notify('bursar_entitlements', NEW.subscriber_ref);
    RETURN NULL;
END $$;
CREATE TRIGGER entitlement_change_told AFTER INSERT ON bursar.entitlement_change
    FOR EACH ROW EXECUTE FUNCTION bursar.tell_entitlement_change();
GRANT SELECT, INSERT ON bursar.entitlement_change TO bursar_app;
GRANT SELECT, DELETE ON bursar.entitlement_change TO bursar_maintenance;

CREATE FUNCTION bursar_api.entitlement_changes(after_seq bigint, most int DEFAULT 1000) RETURNS TABLE (seq bigint, subscriber_ref text, at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, bursar, pg_temp AS $$
    SELECT c.seq, c.subscriber_ref, c.at FROM entitlement_change c
    WHERE c.seq > after_seq AND c.written_by < pg_snapshot_xmin(pg_current_snapshot())
    ORDER BY c.seq LIMIT least(greatest(most, 1), 10000)
$$;
REVOKE ALL ON FUNCTION bursar_api.entitlement_changes FROM PUBLIC;
GRANT EXECUTE ON FUNCTION bursar_api.entitlement_changes TO bursar_client, bursar_app, bursar_maintenance;
