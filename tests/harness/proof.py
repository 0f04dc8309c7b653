"""After each flow of `tests/flows` and `tests/tasks/payments`: the invariants, on the rows that it left behind.

A flow asserts what it is about; the rules find what nobody thought of. It costs some hundredths of a second. A test that damages
rows on purpose, or leaves them as no machine would, says so: `@pytest.mark.breaks("rule", because="...")`.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from tasks.maintenance.check_invariants import rules

_FROM = re.compile(r"FROM bursar\.(\w+)")
_WRITTEN = """SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
              WHERE n.nspname = 'bursar' AND c.relkind = 'r' AND pg_relation_size(c.oid) > 0"""
"""Tables that something was ever written to: a rule about others has nothing to say, and planning it is what costs."""
_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_ON_ITS_WAY = timedelta(hours=1)


def broken_rules(connection: psycopg.Connection[Any], now: datetime, but: Collection[str] = ()) -> list[str]:
    """Rules that do not hold at the test's `now`, each with a row that says so.

    What was said in the last hour of it may still be on its way, as in production.
    """
    unknown = set(but) - set(rules())
    assert not unknown, f"there is no rule {', '.join(sorted(unknown))}"
    bound, found = {"since": _EVER, "settled_by": now - _ON_ITS_WAY}, []
    written = {str(name) for (name,) in connection.execute(_WRITTEN)}
    for name, rule in rules().items():
        if name in but or written.isdisjoint(_FROM.findall(rule.sql)):
            continue
        row = connection.execute(rule.sql, bound).fetchone()
        if row is not None:
            found.append(f"{name} ({rule.why}): {row[0]}: {row[1]}")
    return found
