-- What an erasure looks for is found, not read (SEC-6): see docs/decisions/0117-privacy.md for what each of these costs.

-- Of final events only: these are entered once, when they are done. What is not final is few, and has indexes of its own.
CREATE INDEX inbox_lane_idx ON bursar.inbox (lane, id) WHERE state IN ('done', 'ignored');
-- Bytes that have to be searched, because their lanes do not say whom they mention.
CREATE INDEX inbox_mention_idx ON bursar.inbox (id) WHERE source IN ('app', 'manual', 'zoom');
CREATE INDEX payment_request_subscriber_ref_idx ON bursar.payment_request (subscriber_ref) WHERE subscriber_ref IS NOT NULL;
CREATE INDEX checkout_request_external_ref_idx ON bursar.checkout_request (external_ref) WHERE external_ref IS NOT NULL;
CREATE INDEX checkout_request_customer_ref_idx ON bursar.checkout_request (customer_ref) WHERE customer_ref IS NOT NULL;
CREATE INDEX customer_request_external_ref_idx ON bursar.customer_request (external_ref) WHERE external_ref IS NOT NULL;
CREATE INDEX meeting_participant_user_ref_idx ON bursar.meeting_participant (user_ref) WHERE user_ref IS NOT NULL;
