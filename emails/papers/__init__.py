"""Papers: invoices, credit notes, receipts and statements as PDF, from their data and one design."""
