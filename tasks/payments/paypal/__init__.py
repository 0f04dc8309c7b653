"""PayPal on the queue `payments`: captures, sales, orders, subscriptions and disputes."""
