"""Measurements of the whole product against what the same machine can do at most: ratios within one run, never bare rates.

`python3 dev.py bench` lists them; docs/performance.md has what they said, on which machine, and why.
"""
