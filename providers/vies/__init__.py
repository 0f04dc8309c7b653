"""VIES, the EU's register of VAT numbers: offline check digits first, then its REST API."""
