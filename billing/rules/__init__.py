"""Pure thought: standard library only, `now` is an argument, nothing is read and nothing is written."""
