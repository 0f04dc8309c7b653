"""What the outside world would send and answer, made here: for trials, tests and the first look at a new copy."""
