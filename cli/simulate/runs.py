"""Which scheduled runs are due: asked of the rows themselves, so that the play can jump over the slots in which nothing would happen.

Slots are made and claimed as always (`schedules.slots.tick`, `workers.slots.turn`). Runs that page through what is due run in the
first slot after something is; daily ones run in each of their slots. Whatever is not asked for so, because it only looks after the
machine or after what the play does not have, runs every 28th midnight: a new run is played as soon as it stands in the table.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, LiteralString

from psycopg import ClientCursor, Connection, sql

from core.settings import QUEUES
from schedules.slot_times import between
from schedules.slots import tick
from schedules.table import TABLE, Daily, Run
from workers.hints import Hinter
from workers.paging import Paged
from workers.slots import MAX_ATTEMPTS, RunFailedError, turn

if TYPE_CHECKING:
    from cli.simulate.play import Play

NOT_PLAYED = frozenset({"sweep", "check_invariants", "reconcile", "verify_audit", "retention", "recount_promo_uses"})
"""The play promotes and checks by itself; the others look after records that a throw-away database need not keep."""
NIGHTLY = frozenset({"backfill_events"})
"""With faults: what was lost is looked for each midnight."""
SELDOM = frozenset({"repair_seats", "write_off_stale_invoices"})
"""They would run each day, whether or not there is anything to do: every seventh midnight is enough for a play."""
MACHINE = frozenset({"make_payload_months", "renew_anaf_token", "forget_old_papers"})
"""They would, too, and look after the machine."""
DUE: dict[str, LiteralString] = {
    "collect_due": "SELECT min(due_at) FROM bursar.dunning_attempt WHERE status = 'pending' AND due_at <= %(now)s",
    "ask_efacturas": """SELECT least((SELECT min(next_poll_at) FROM bursar.efactura WHERE next_poll_at <= %(now)s),
        (SELECT min(s.unknown_at) FROM bursar.submission s JOIN bursar.efactura e ON e.id = s.request_id AND e.status = 'uploading'
         WHERE s.source = 'anaf' AND s.state = 'unknown' AND s.attempt = e.attempt AND s.unknown_at <= %(now)s))""",
    "expire_promo_reservations": "SELECT min(expires_at) FROM bursar.promo_redemption WHERE status = 'reserved' AND expires_at <= %(now)s",
}
"""Of runs that make their `Paged` anew each time, or have two: when the first of what they work through is due."""
_EACH, _MACHINE_EACH = 7, 28
"""Midnights from one of `SELDOM`, or of those that look after the machine, to the next."""
_WAITING = "rows that wait"
_WAITS = """SELECT least((SELECT min(next_at) FROM bursar.inbox WHERE state = 'waiting'),
                         (SELECT min(next_at) FROM bursar.outbox WHERE state = 'waiting' AND kind <> 'mail.send'))"""
_INSTANT = timedelta(microseconds=1)
LONG_AGO = datetime.fromisoformat("0001-01-01T00:00:00+00:00")
_NOBODY = "00000000-0000-0000-0000-000000000000"
_BOUND = {"now", "after_at", "after_id", "page"}
_IDLE = timedelta(hours=6)
"""A run that found nothing to do, though its rows look due, is asked again after this."""


class Asked(Hinter):
    """Keeps what is hinted: this process is its own worker."""

    def __init__(self) -> None:
        self.slots: list[tuple[str, str, str]] = []

    def hint_slot(self, queue: str, job: str, slot_at: str, hand: int = 0) -> None:  # noqa: ARG002  # there is one worker
        """A slot wants to be run."""
        self.slots.append((queue, job, slot_at))


def paged_runs() -> dict[str, Paged]:
    """All runs that page through what is due, by job."""
    used = [vars(importlib.import_module(f"tasks.{queue}.runs")) for queue in QUEUES]
    names = {getattr(value, "__module__", None) or getattr(value, "__name__", "") for said in used for value in said.values()}
    modules = [sys.modules[name] for name in sorted(map(str, names)) if name.startswith("tasks.")]
    return {value.job: value for module in modules for value in vars(module).values() if isinstance(value, Paged)}


class Runs:
    """The schedule, as the play keeps it."""

    def __init__(self, play: Play, *, faults: bool) -> None:
        self._play = play
        questions: dict[str, Paged | LiteralString] = {**{job: one for job, one in paged_runs().items() if _bound(one)}, **DUE}
        played = [run for run in TABLE if run.job not in NOT_PLAYED]
        self._asked = {run.job: run for run in played if run.job in questions and run.job not in SELDOM | MACHINE}
        others = [run for run in played if run.job not in self._asked]
        self._nightly = [run for run in others if faults and run.job in NIGHTLY]
        self._daily = [run for run in others if isinstance(run.every, Daily) and run.job not in SELDOM | MACHINE]
        self._seldom = [run for run in others if run.job in SELDOM]
        self._machine = [run for run in others if run not in self._daily and run.job not in NIGHTLY | SELDOM]
        _prepare(play.connection, {job: questions[job] for job in self._asked} | {_WAITING: _WAITS})
        self.waiting: datetime | None = None
        """When the next row of inbox or outbox was due again, as `ahead` saw it."""
        self._not_before: dict[str, datetime] = {}
        self.failed: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()

    def ahead(self, until: datetime) -> list[tuple[datetime, Run]]:
        """Slots up to `until` in which something is due, as the rows are now."""
        now, found = self._play.now, []
        with self._play.timed("what is due"):
            due: dict[str, datetime] = dict(self._play.kept("what_is_due", until))
        self.waiting = due.pop(_WAITING, None)
        for job, due_at in due.items():
            run = self._asked[job]
            first = max(min(due_at, until), now, self._not_before.get(job, now))
            slot = next(between(run, first - _INSTANT, first + timedelta(days=3)))
            if slot <= until:
                found.append((slot, run))
        for run in self._daily:
            after = max(now - _INSTANT, self._not_before.get(run.job, now - _INSTANT))
            found += [(slot, run) for slot in between(run, after, until)]
        return found

    def run(self, runs: list[Run]) -> None:
        """Make the newest slots of these, and run them."""
        asked = Asked()
        with self._play.timed("slots"):
            tick(self._play.context, asked, runs)
        by_job = {run.job: run for run in runs}
        for queue, job, slot_at in asked.slots:
            with self._play.timed(f"run {job}"):
                items = self._turns(queue, job, slot_at)
            if job in by_job:
                self._not_before[job] = self._play.now + (_INSTANT if items or isinstance(by_job[job].every, Daily) else _IDLE)
        for run in runs:
            self._not_before.setdefault(run.job, self._play.now + _INSTANT)

    def machine(self, day: int) -> None:
        """Those that nobody asks for, at midnight."""
        seldom = self._seldom if day % _EACH == 0 else []
        self.run(self._nightly + seldom + (self._machine if day % _MACHINE_EACH == 0 else []))

    def _turns(self, queue: str, job: str, slot_at: str) -> bool:
        self.counts[job] += 1
        for _ in range(MAX_ATTEMPTS):
            try:
                while (done := turn(self._play.context, queue, job, slot_at)).more:
                    pass
            except RunFailedError:
                self.failed[job] += 1  # tried again, as the sweep would
            else:
                return "'items': 0" not in done.said
        return True


def _bound(paged: Paged) -> bool:
    """Whether all that it asks for is known, not only in a slot of it."""
    return set(re.findall(r"%\((\w+)\)s", paged.due)) <= _BOUND | paged.bound.keys()


def _prepare(connection: Connection[Any], questions: Mapping[str, Paged | LiteralString]) -> None:
    """For each run, when its first row is due: one statement for all. Nothing is locked by asking.

    The server keeps it, because psycopg would read these twelve thousand characters again each time.
    """
    parts, bound = [], {"after_at": LONG_AGO, "after_id": _NOBODY, "page": 1}
    for job, one in questions.items():
        if isinstance(one, Paged):
            looked = sql.SQL("SELECT due_at FROM ({}) AS q").format(sql.SQL(re.sub(r"FOR UPDATE OF [\w, ]+ SKIP LOCKED", "", one.due)))
            bound |= dict(one.bound)
        else:
            looked = sql.SQL("{}").format(sql.SQL(one))
        parts.append(sql.SQL("SELECT {} AS job, ({}) AS due_at").format(sql.Literal(job), looked))
    every = sql.SQL(" UNION ALL ").join(parts)
    # Materialized: else each is worked out twice, once for the condition and once for the answer.
    asked = sql.SQL("WITH every AS MATERIALIZED ({}) SELECT job, due_at FROM every WHERE due_at IS NOT NULL ORDER BY job").format(every)
    written = ClientCursor(connection).mogrify(asked.as_bytes().replace(b"%(now)s", b"$1"), bound)
    connection.execute(f"PREPARE what_is_due (timestamptz) AS {written}".encode(), prepare=False)
