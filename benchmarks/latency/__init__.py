"""How long after its 200 an event is processed, through the whole product at a steady rate."""
