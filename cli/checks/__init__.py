"""The checks of `bursar doctor`, by what they look at."""
