"""Stripe: its signature, its envelope, its shapes of all API versions since 2017, and its types of events."""
