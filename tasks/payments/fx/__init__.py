"""Central banks: questions for their rates of exchange, and what becomes of their answers."""
