"""e-Factura: issued documents as UBL 2.1 under CIUS-RO, and our own check of the Romanian rules before anything is sent."""
