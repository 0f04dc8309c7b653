"""The documents: generated ones are up to date, links lead somewhere, named commands and tests exist."""
