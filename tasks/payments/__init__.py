"""The `payments` queue: money in: customers, subscriptions, invoices, payments, refunds, disputes."""
