"""A renewal run over the due of a million subscriptions, killed on the way, against pure SQL that writes the same rows."""
