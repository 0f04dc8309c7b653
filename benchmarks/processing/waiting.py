"""When the inbox is empty."""

from __future__ import annotations

from tests.harness.cluster import Database
from tests.harness.waiting import wait_until

_PATIENCE_S = 180


def await_empty(database: Database) -> None:
    """Wait until nothing of the inbox is to be done."""
    with database.connect() as connection:

        def empty() -> bool:
            row = connection.execute(
                "SELECT NOT EXISTS (SELECT FROM bursar.inbox WHERE state = 'received') "
                "AND NOT EXISTS (SELECT FROM bursar.inbox WHERE state = 'processing')"
            ).fetchone()
            return row == (True,)

        wait_until(empty, _PATIENCE_S, what="the inbox to be empty", interval_s=0.05)
