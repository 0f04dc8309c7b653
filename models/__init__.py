"""Rows: a file per aggregate, columns, named constraints and relations, no verbs."""
