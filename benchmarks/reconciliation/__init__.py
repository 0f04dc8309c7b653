"""A million of the provider's rows against a million of ours."""
