"""Central banks' files."""
