"""What stand-ins of providers share: a small HTTP server whose replies can be cut, and faults that are ordered from outside."""
