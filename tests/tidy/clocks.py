"""Two clocks only: the database's `clock_timestamp()` for the machine, the injected `now` for the business (INBOX-19).

Anything else makes a late or replayed event give another result than a punctual one.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.tidy.source import Module, dotted, texts

PYTHON_CLOCKS = frozenset(
    {
        "datetime.datetime.now",
        "datetime.datetime.utcnow",
        "datetime.datetime.today",
        "datetime.date.today",
        "time.time",
        "time.time_ns",
        "time.localtime",
        "time.gmtime",
        "time.ctime",
        "time.clock_gettime",
    }
)
CLOCK_MODULE = "core/clock.py"
_SQL_CLOCK = re.compile(
    r"\b(?:(?:now|transaction_timestamp|statement_timestamp|timeofday)\s*\(|"
    r"(?:current_date|current_timestamp|current_time|localtimestamp|localtime)\b)",
    re.IGNORECASE,
)
_FUNC_CLOCKS = re.compile(r"(?:\w+\.)*func\.(?:now|current_\w+|localtime\w*|transaction_timestamp|statement_timestamp)")
_SQL = re.compile(r"\b(?:SELECT|INSERT|UPDATE|DELETE|WHERE|VALUES|SET|DEFAULT|INTERVAL)\b|\bnow\(\)", re.IGNORECASE)


def python_clock(module: Module) -> Iterator[str]:
    """Python's wall clocks are read in core/clock.py and nowhere else, not even passed on as functions."""
    if module.path == CLOCK_MODULE:
        return
    known = _imported(module)
    for node in module.nodes:
        if not isinstance(node, (ast.Name, ast.Attribute)) or not isinstance(node.ctx, ast.Load):
            continue
        head, _, rest = (dotted(node) or "").partition(".")
        full = f"{known.get(head, head)}.{rest}" if rest else known.get(head, head)
        if full in PYTHON_CLOCKS:
            yield module.at(node, f"{full}: take `now` as an argument, or use core.clock")


def sql_clock(module: Module) -> Iterator[str]:
    """No SQL of ours reads the transaction's clock: it stands still in a long transaction, and no test can move it."""
    for string, text in texts(module):
        found = sql_clock_in(text) if _SQL.search(text) else None
        if found:
            yield module.at(string, f"`{found}` in SQL: bind the business's now; the machine's is clock_timestamp()")
    for node in module.nodes:
        if isinstance(node, ast.Attribute) and _FUNC_CLOCKS.fullmatch(dotted(node) or ""):
            yield module.at(node, f"{dotted(node)}: bind the business's now, or use func.clock_timestamp()")


def sql_clock_in(sql: str) -> str | None:
    """The first forbidden clock in a piece of SQL."""
    found = _SQL_CLOCK.search(sql)
    return found[0] if found else None


def _imported(module: Module) -> dict[str, str]:
    names: dict[str, str] = {}
    for node in module.nodes:
        if isinstance(node, ast.Import):
            names |= {alias.asname or alias.name: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return names
