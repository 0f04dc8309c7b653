"""VIES's answers as facts."""
