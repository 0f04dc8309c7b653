"""ANAF: e-Facturas sent, asked after, and kept."""
