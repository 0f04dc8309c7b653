"""PayPal: orders, captures, v1 sales, subscriptions, disputes and payout items."""
