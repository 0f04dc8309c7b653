"""PayPal on the queue `payouts`: items of batch payouts."""
