"""Reconciliation with providers: listing, comparing, explaining payouts, mending (RECON-1 to RECON-9)."""
