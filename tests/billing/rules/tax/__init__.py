"""Tests of VAT: rates, treatment, breakdown."""
