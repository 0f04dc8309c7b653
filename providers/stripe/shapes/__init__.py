"""Stripe's objects, in the shapes of any API version, as facts: one module per kind of object."""
