"""Invariants of the business rows and the journal: one SQL rule per file, all run by `check_invariants` (promise 5)."""
