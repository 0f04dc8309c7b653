"""The business: rules (pure thought) and operations (verbs on rows)."""
