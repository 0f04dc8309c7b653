-- As bursar.payment has it: whether the newest word came in a strongly signed body or from the provider's API. Rows that were
-- stored before say nothing (null).
ALTER TABLE bursar.refund  ADD COLUMN confirmed boolean;
ALTER TABLE bursar.dispute ADD COLUMN confirmed boolean;
ALTER TABLE bursar.payout  ADD COLUMN confirmed boolean;
