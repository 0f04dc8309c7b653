"""PayPal's resources -> facts, a module per kind of resource, both generations (v1 sales, v2 captures)."""
