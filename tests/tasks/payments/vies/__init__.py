"""Tests of what becomes of VAT numbers."""
