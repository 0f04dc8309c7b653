"""The main app's signature."""
