"""What our own people confirm by hand: an internal source, so that dedup, audit and replay are the inbox's (INBOX-14)."""
