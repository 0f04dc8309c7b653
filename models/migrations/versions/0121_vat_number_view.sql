-- What the app shows a customer of his VAT number: as it stands in his profile, whether it is proven, and since when. A proof holds 35 days
-- (billing/rules/tax/proof.py says the same). Null: no profile.
CREATE FUNCTION bursar_api.vat_number(subscriber_ref text, at timestamptz DEFAULT clock_timestamp()) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT jsonb_build_object(
        'kind', b.kind, 'vat_id', b.vat_id,
        'proven', CASE WHEN b.vat_id_valid AND b.vat_checked_at < at - interval '35 days' THEN NULL ELSE b.vat_id_valid END,
        'checked_at', b.vat_checked_at,
        'asked', coalesce(v.asked_at IS NOT NULL, false))
    FROM bursar.bill_to b LEFT JOIN bursar.vies_check v ON v.source = 'vies' AND v.external_id = b.vat_id
    WHERE b.source = 'bursar' AND b.external_id = vat_number.subscriber_ref AND b.versions <> '{}'
$$;
REVOKE ALL ON FUNCTION bursar_api.vat_number FROM PUBLIC;
GRANT EXECUTE ON FUNCTION bursar_api.vat_number(text, timestamptz) TO bursar_client, bursar_app, bursar_maintenance;
