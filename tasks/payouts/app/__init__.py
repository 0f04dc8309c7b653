"""Commands of the main app that concern accounts, transfers and payouts."""
