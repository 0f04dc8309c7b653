"""Stripe on the queue `payments`: customers, what they owe and pay, and what goes back to them."""
