"""Calls of kind `mail.*`: the one place from which mail leaves."""
