"""The door for providers: verify, store the raw bytes, commit, answer. No business work, no knowledge of handlers."""
