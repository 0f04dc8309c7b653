"""Legal documents as pure data: invoices and credit notes as they were issued, and the arithmetic that they must satisfy."""
