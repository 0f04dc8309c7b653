"""Makes rows and events for tests, each in one place."""
