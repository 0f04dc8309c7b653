"""A stand-in of ANAF: e-Factura uploads with their states, lists, papers, quotas and lost replies, and its OAuth server."""
