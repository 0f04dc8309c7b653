"""The `payouts` queue: money out: transfers, payouts, connected accounts."""
