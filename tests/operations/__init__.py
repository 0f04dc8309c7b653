"""What operators see and start: metrics, Sentry, Flower, the containers' commands."""
