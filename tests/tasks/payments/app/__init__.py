"""Commands of the main app through the whole machine."""
