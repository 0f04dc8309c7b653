"""What others notice of one customer's flood."""
