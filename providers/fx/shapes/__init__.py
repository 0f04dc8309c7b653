"""What banks told, as facts."""
