"""The rules of `check_invariants`, asked each midnight by one statement that the server keeps: forty questions would cost forty ways."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from psycopg import sql

from cli.simulate.play import Play
from tasks.maintenance.check_invariants import SHOWN, Broken, rules
from tasks.maintenance.invariants.rule import Rule


class Checks:
    """All rules, over the rows of a play."""

    def __init__(self, play: Play) -> None:
        self._play = play
        self._rules: Mapping[str, Rule] = rules()
        each = [sql.SQL("SELECT {} AS rule, q.* FROM ({}) AS q (about, said)").format(sql.Literal(name), sql.SQL(_numbered(rule)))
                for name, rule in self._rules.items()]  # fmt: skip
        every = sql.SQL("PREPARE what_is_broken (timestamptz, timestamptz) AS {}").format(sql.SQL(" UNION ALL ").join(each))
        play.connection.execute(every, prepare=False)

    def broken(self, since: datetime, settled_by: datetime) -> list[Broken]:
        """The rules that do not hold for what was changed from `since` on; what came after `settled_by` may still be on its way."""
        found: dict[str, list[tuple[str, str]]] = {}
        for name, about, said in self._play.kept("what_is_broken", since, settled_by):
            found.setdefault(name, []).append((about, said))
        return [Broken(name, rule.why, found[name][:SHOWN], rule.then) for name, rule in self._rules.items() if name in found]


def _numbered(rule: Rule) -> Any:
    """The rule's statement as the server reads it, with its times by number."""
    return rule.sql.replace("%(since)s", "$1").replace("%(settled_by)s", "$2").replace("%%", "%")
