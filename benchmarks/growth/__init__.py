"""Whether an event costs the same with ten thousand events in the inbox as with ten million."""
