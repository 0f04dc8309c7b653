"""Looks ahead: what the handlers of a batch will ask for one by one is looked for at once, before they run.

A handler's module names the verb that does so as `AHEAD`. It loads and asks, and changes nothing: a handler without it, or one whose
question was not foreseen, finds the same, by a statement of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime

from billing.rules.commands.base import Command
from billing.rules.facts.base import Fact
from workers.batch import Job
from workers.routing import load
from workers.unit import Unit

Told = tuple[datetime, Fact | Command]
"""When it happened, and what."""


def look_ahead(unit: Unit, jobs: Sequence[Job]) -> None:
    """Call each verb once, with all that is told to its handlers; one event alone gains nothing. The jobs' references are loaded."""
    found: dict[Callable[[Unit, Sequence[Told]], None], list[Job]] = defaultdict(list)
    for job in jobs if len(jobs) > 1 else ():
        verb = getattr(load(job.route.path), "AHEAD", None)
        if verb is not None:
            found[verb].append(job)
    for verb, those in found.items():
        if len(those) > 1:
            verb(unit, [(job.event.occurred_at, fact) for job in those for fact in job.facts])
