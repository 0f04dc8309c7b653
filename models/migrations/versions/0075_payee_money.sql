-- Payees of payments that the platform takes itself and passes on by a transfer of its own (PAYOUT-5).
ALTER TABLE bursar.payment_request  ADD COLUMN payee_ref text;
ALTER TABLE bursar.checkout_request ADD COLUMN payee_ref text;

-- What the runs look for.
CREATE INDEX payout_late_idx ON bursar.payout (arrival_on, id) WHERE status IN ('pending', 'in_transit', 'on_hold');
CREATE INDEX payee_balances_idx ON bursar.payee (source, external_id, balances_at);
