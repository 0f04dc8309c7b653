"""Stripe events that are answered by a look-up instead of being read."""
