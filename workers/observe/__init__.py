"""What operators see of the machine: Prometheus metrics and Sentry. Both are off the money's path; they fail alone."""
