"""Credits: granted, spent, reset, expired, taken back."""
