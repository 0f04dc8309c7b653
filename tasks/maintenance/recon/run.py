"""One turn of a reconciliation run: list, compare, list the next, until all is compared or the time is up.

A run is a list of steps, which follows from what was asked for; the row of the run says which is next and, within a list,
behind which object. So a turn may end anywhere, by its time or by a kill, and the next one goes on there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
import structlog

from billing.operations import check_journal, check_movements, check_reported
from billing.operations.advance_recon_run import Progress, advance, begin, finish, leave_out, next_run
from billing.operations.compare_objects import MIRRORS, compare_objects
from billing.operations.keep_findings import Scope
from billing.rules.recon_row import ReconRow
from core.clock import monotonic_s
from models.database import connect
from providers.errors import Final
from tasks.maintenance.recon.lists import LISTS, Listed, Page, pages
from tasks.maintenance.recon.stage import clear, for_sets, stage
from workers.context import Context

log = structlog.get_logger(__name__)

LOCK = 7305168
"""Session lock: one reconciler at a time (RELIABILITY 25)."""
_PAGES = 20
"""Pages between two commits."""


_DOES = {"compare": compare_objects, "check": check_movements.check, "journal": check_journal.check_journal,
         "reported": check_reported.check_reported}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Turn:
    """What became of one turn."""

    busy: bool = False
    """Another reconciler is at work; this one did nothing."""
    run: Progress | None = None
    done: bool = False


@dataclass(frozen=True, slots=True)
class _Step:
    does: str
    """list, or a key of _DOES."""
    of: str
    account: str | None = None


@dataclass(slots=True)
class _Taken:
    """How far one transaction came in a list."""

    pages: int = 0
    cursor: str | None = None
    ended: bool = False


def steps(run: Progress) -> list[_Step]:
    """All steps of a run; the same ones in every turn, because its accounts were fixed when it began."""
    found: list[_Step] = []
    for of in run.objects:
        everywhere = LISTS[run.source][of] is Listed.EVERYWHERE
        found += [_Step("list", of, account) for account in (None, *((run.accounts or ()) if everywhere else ()))]
        if of in MIRRORS:
            found.append(_Step("compare", of))
    objects = set(run.objects)
    found += [_Step("check", name) for name, needs in check_movements.CHECKS.items() if needs <= objects]
    found += [_Step("journal", name) for name, needs in check_journal.CHECKS.items() if needs <= objects]
    return found + [_Step("reported", name) for name, needs in check_reported.CHECKS.items() if needs <= objects]


def turn(context: Context, *, budget_s: float, reference: str | None = None) -> Turn:
    """Work on the oldest open run (or the named one) for at most `budget_s` seconds and what the step in hand takes.

    Raises:
        Retryable, Final: the provider could not be asked; the run stays where it is. An account that it does not show us is left out.
    """
    end = monotonic_s() + budget_s
    with alone(context) as connection:
        if connection is None:
            return Turn(busy=True)
        run = next_run(connection, reference)
        if run is None:
            return Turn()
        if run.accounts is None or not _staged_as_noted(connection, run):
            with connection.transaction():
                clear(connection)
                begin(connection, run, context.clock.now())
        plan = steps(run)
        while run.step < len(plan):
            try:
                _take(context, connection, run, plan[run.step], end)
            except Final as error:
                plan = _without(context, connection, run, plan, error)
            if monotonic_s() > end:
                return Turn(run=run)
        with connection.transaction():
            finish(connection, run, context.clock.now())
            clear(connection)
    log.info("reconciled", run=run.reference, source=run.source, **run.counts)
    return Turn(run=run, done=True)


def _without(context: Context, connection: psycopg.Connection[Any], run: Progress, plan: list[_Step], error: Final) -> list[_Step]:
    """The steps without the account that the provider refuses to list: it has left us, and we were not told."""
    account = plan[run.step].account
    if account is None:
        raise error
    step = sum(one.account != account for one in plan[: run.step])
    run.counts["accounts_refused"] = run.counts.get("accounts_refused", 0) + 1
    with connection.transaction():
        leave_out(connection, run, account, step, context.clock.now())
    log.error("recon_account_refused", account=account, error=str(error), effect="it is not compared; all others are")
    return steps(run)


@contextmanager
def alone(context: Context) -> Iterator[psycopg.Connection[Any] | None]:
    """A connection that holds the lock of reconciliation; None where another one has it."""
    url = context.settings.database_url.get_secret_value()
    with connect(url, "bursar_app", autocommit=True, application="bursar-recon") as connection:
        for_sets(connection)
        row = connection.execute("SELECT pg_try_advisory_lock(%s)", (LOCK,)).fetchone()
        yield connection if row and row[0] else None


def _staged_as_noted(connection: psycopg.Connection[Any], run: Progress) -> bool:
    """Whether the staging table still holds what earlier turns put there: a crash of the server empties it."""
    row = connection.execute("SELECT count(*) FROM bursar.recon_staged").fetchone()
    return row is not None and row[0] == run.staged


def _take(context: Context, connection: psycopg.Connection[Any], run: Progress, step: _Step, end: float) -> None:
    now = context.clock.now()
    if step.does == "list":
        _list(context, connection, run, step, end)
        return
    scope = Scope(
        source=run.source, run=run.reference, since=run.since, until=run.until, accounts=run.accounts or [],
        basis_points=context.settings.application_fee_basis_points, now=now,
    )  # fmt: skip
    with connection.transaction():
        counts = _DOES[step.does](connection, step.of, scope)
        for kind, count in counts.items():
            run.counts[kind] = run.counts.get(kind, 0) + count
        run.step, run.cursor = run.step + 1, None
        advance(connection, run, now)


def _list(context: Context, connection: psycopg.Connection[Any], run: Progress, step: _Step, end: float) -> None:
    """List one kind of object of one account, from the cursor on; some pages, and how far it came, are one transaction."""
    found = pages(
        connection, run.source, step.of, context.settings, since=run.since, until=run.until, now=context.clock.now(),
        account=step.account, after=run.cursor,
    )  # fmt: skip
    while True:
        taken = _Taken()
        with connection.transaction():
            count = stage(connection, _rows(found, taken, end))
            run.staged += count
            run.counts["listed"] = run.counts.get("listed", 0) + count
            run.step, run.cursor = (run.step + 1, None) if taken.ended else (run.step, taken.cursor)
            advance(connection, run, context.clock.now())
        if taken.ended or monotonic_s() > end:
            return


def _rows(found: Iterator[Page], taken: _Taken, end: float) -> Iterator[ReconRow]:
    """The rows of the next pages: some, and no further page once the turn's time is up."""
    while taken.pages < _PAGES and (taken.pages == 0 or monotonic_s() <= end):
        page = next(found, None)
        if page is None:
            taken.ended = True
            return
        taken.pages += 1
        taken.cursor, rows = page
        yield from rows
        if taken.cursor is None:
            taken.ended = True
            return
