-- A stored method that is gone at its provider is looked for among those that subscribers are charged through (PAY-7).
CREATE INDEX subscriber_payment_method_ref_idx ON bursar.subscriber (payment_method_ref) WHERE payment_method_ref IS NOT NULL;
