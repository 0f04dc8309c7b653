-- Payments that a payer approves at PayPal: the order of the newest attempt, which becomes a payment once it is captured (PAY-18).
ALTER TABLE bursar.payment_request ADD COLUMN order_ref text;
