"""What others would run instead: receivers as their tutorials write them, and a library, in an environment of their own.

Each is one server process; the broker is the same Redis and the database the same PostgreSQL as everybody's. They are
written as the documentation of their frameworks shows it, neither tuned nor slowed down.
"""
