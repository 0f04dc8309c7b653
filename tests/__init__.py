"""Proof. Each folder mirrors a room; flows/ and faults/ run whole paths with real processes."""
