"""ANAF, the Romanian tax office: e-invoices as it wants them written, and the service that takes them."""
