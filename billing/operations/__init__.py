"""Verbs on rows, one per file: they take the unit of work and facts, apply the rules and write; they never commit and never call out."""
