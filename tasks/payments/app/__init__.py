"""Commands of the main app that concern payments and their objects."""
