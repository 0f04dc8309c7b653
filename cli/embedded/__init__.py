"""PostgreSQL and Redis for one machine, from the binaries of two wheels, run by ourselves."""
