"""What is done: one folder per queue, one folder per source in it, one module per provider object, one function per event type."""
