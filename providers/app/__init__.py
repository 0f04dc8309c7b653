"""The main app as a source: its commands come signed by its own key, or from inside the same database."""
