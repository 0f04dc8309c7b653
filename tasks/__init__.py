"""One folder per queue: thin handlers that turn events into facts and call verbs."""
