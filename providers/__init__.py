"""The outside world: verification, raw payloads to facts, outbound clients. One folder per provider."""
