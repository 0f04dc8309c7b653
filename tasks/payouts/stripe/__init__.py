"""Stripe on the queue `payouts`: what leaves the platform: transfers, payouts, and the accounts they go to."""
