"""How many signed events a second one receiver process stores, and what one costs, against the barest thing that is durable."""
