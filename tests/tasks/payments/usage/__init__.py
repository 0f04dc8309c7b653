"""Usage: measured, counted by period, told to customers and providers."""
