"""A stand-in of PayPal: orders, captures, refunds, payouts, disputes, reports and signed webhooks, over real HTTP, with state."""
