"""The `notifications` queue: words: mail."""
