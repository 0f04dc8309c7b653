"""Whether a process does its work, for a container's health check: `python -m workers.observe.healthcheck NAME [AGE_S]`.

A worker group is healthy when a message went through its queue lately, not when its process is up. Standard library and
psycopg only, because it is started twice a minute.
"""

from __future__ import annotations

import sys

import psycopg

from core.settings import current

_AGE = "SELECT extract(epoch FROM clock_timestamp() - beat_at)::float8 FROM bursar.heartbeat WHERE name = %s"
_OLDEST_S = 60.0


def check(name: str, oldest_s: float) -> str | None:
    """What is wrong with `name`'s heartbeat, None when nothing is.

    Raises:
        psycopg.Error: the database cannot be asked.
    """
    url = current().database_url.get_secret_value()
    with psycopg.connect(url, connect_timeout=3, application_name="bursar-healthcheck") as connection:
        row = connection.execute(_AGE, [name]).fetchone()
    if row is None:
        return f"{name} was never heard of"
    return f"{name} was last heard of {row[0]:.0f} s ago" if row[0] > oldest_s else None


if __name__ == "__main__":
    wrong = check(sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else _OLDEST_S)
    if wrong is not None:
        sys.exit(wrong)
