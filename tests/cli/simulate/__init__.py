"""The play of months: the same bytes for the same seed, rules that hold, damage that is found, days that are no common ones."""
