"""The ground that tests stand on: real PostgreSQL, Redis and processes, and waiting without sleeping."""
