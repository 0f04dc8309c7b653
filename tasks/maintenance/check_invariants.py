"""Runs the invariants, each in a transaction of its own, so that one that cannot be run hides no other."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import structlog
from sqlalchemy import Engine

from billing.operations.alert_invariants import invariant_mails
from models.bulk import insert_rows
from models.outbox import OUTBOX
from tasks.maintenance import invariants
from tasks.maintenance.invariants.rule import Rule
from workers.context import Context

log = structlog.get_logger(__name__)

_DAYS = timedelta(days=3)
_WEEKS = timedelta(weeks=6)
_NIGHT_HOUR = 4
_ON_ITS_WAY = timedelta(hours=1)

SHOWN = 20
"""Of what violates a rule, so many are told."""


class InvariantBrokenError(Exception):
    """Rows or books contradict each other. Nothing was changed; the message names rule, rows and next step."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A violated rule: some of what violates it, as (about, said); at most 20."""

    rule: str
    why: str
    rows: list[tuple[str, str]]
    then: str

    def __str__(self) -> str:
        """On one line."""
        shown = "; ".join(f"{about}: {said}" for about, said in self.rows[:3])
        return f"{self.rule} ({self.why}): {shown}{' and more' if len(self.rows) > 3 else ''}; next: {self.then}"


@cache
def rules() -> Mapping[str, Rule]:
    """All rules by the names of their files."""
    names = [module.name for module in pkgutil.iter_modules(invariants.__path__) if module.name != "rule"]
    return {name: importlib.import_module(f"{invariants.__name__}.{name}").RULE for name in sorted(names)}


def check(engine: Engine, since: datetime, settled_by: datetime) -> list[Broken]:
    """The rules that do not hold for what was changed from `since` on; what came after `settled_by` may still be on its way."""
    found = []
    for name, rule in rules().items():
        with engine.connect() as connection:
            connection.exec_driver_sql("SET TRANSACTION READ ONLY")
            bound = {"since": since, "settled_by": settled_by}
            rows = [(about, said) for about, said in connection.exec_driver_sql(rule.sql, bound).fetchmany(SHOWN)]
        if rows:
            found.append(Broken(name, rule.why, rows, rule.then))
    return found


def sweep_invariants(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """Check all rules, tell operators of those that do not hold, then fail, so that the run shows it.

    Raises:
        InvariantBrokenError: at least one does not hold.
    """
    since = slot_at - (_WEEKS if slot_at.hour == _NIGHT_HOUR else _DAYS)
    now = context.clock.now()
    broken = check(context.engine, since, now - _ON_ITS_WAY)
    if not broken:
        return {"rules": len(rules()), "broken": 0}
    recipients = context.settings.operator_emails
    mails = [mail for one in broken for mail in invariant_mails(one.rule, one.why, one.rows, one.then, recipients, now)]
    if mails:
        with context.engine.begin() as connection:
            insert_rows(connection, OUTBOX, sorted(mails, key=lambda mail: mail["key"]), once_by=("kind", "key"))
    for one in broken:
        log.error("invariant_broken", rule=one.rule, why=one.why, rows=len(one.rows), next_step=one.then)
    raise InvariantBrokenError(" | ".join(map(str, broken)))
