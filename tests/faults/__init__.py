"""Real processes, killed and starved for real."""
